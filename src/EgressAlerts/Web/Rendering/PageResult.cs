namespace EgressAlerts.Web;

/// <summary>What a page has to show.</summary>
/// <param name="Title">What the tab of the browser says.</param>
/// <param name="Model">What is shown, and what the JSON twin says; null where there is no such thing.</param>
/// <param name="Missing">Why there is nothing to show, and where to look, where <paramref name="Model"/> is null.</param>
internal sealed record PageResult<TModel>(string Title, TModel? Model, string Missing)
    where TModel : class
{
    /// <summary>The same as markdown, for whoever asks for that; null where there is none.</summary>
    public string? Markdown { get; init; }
}

/// <summary>Makes results of pages.</summary>
internal static class PageResult
{
    public static PageResult<TModel> Of<TModel>(string title, TModel model)
        where TModel : class => new(title, model, "");

    public static PageResult<TModel> Missing<TModel>(string title, string sentence)
        where TModel : class => new(title, null, sentence);
}
