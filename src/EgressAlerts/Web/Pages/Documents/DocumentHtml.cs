using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Extensions.Tables;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace EgressAlerts.Web;

/// <summary>Renders the documents of the program as HTML. Raw HTML in them stays text. Links lead to pages of the service, or nowhere.</summary>
internal static partial class DocumentHtml
{
    private const int LowestHeading = 6;

    private static readonly MarkdownPipeline Pipeline =
        new MarkdownPipelineBuilder().UsePipeTables().UseAutoIdentifiers(AutoIdentifierOptions.GitHub).DisableHtml().Build();

    /// <param name="path">Of the document, in the repository.</param>
    /// <param name="link">Makes a link from a path below the overview.</param>
    /// <returns>The whole document, or empty where there is none.</returns>
    public static string Render(string path, Func<string, string> link) =>
        ShippedDocuments.Find(path) is { } text ? Html(text, path, link, document => { }) : "";

    /// <summary>As the other, as a part of a page: without its title, and with headings that are one step lower.</summary>
    /// <param name="values">What stands for each placeholder. One whose value is empty, or could end a quoted text of a shell or of PromQL, stays.</param>
    public static string Part(string path, Func<string, string> link, IReadOnlyDictionary<string, string> values)
    {
        if (ShippedDocuments.Find(path) is not { } text) return "";
        var html = Html(text, path, link, document =>
        {
            if (document.FirstOrDefault() is HeadingBlock { Level: 1 } title) document.Remove(title);
            foreach (var heading in document.Descendants<HeadingBlock>()) heading.Level = Math.Min(heading.Level + 1, LowestHeading);
        });
        foreach (var (name, value) in values.Where(value => Harmless().IsMatch(value.Value)))
            html = html.Replace($"&lt;{name}&gt;", value, StringComparison.Ordinal);
        return html;
    }

    private static string Html(string text, string path, Func<string, string> link, Action<MarkdownDocument> change)
    {
        var document = Markdown.Parse(text, Pipeline);
        change(document);
        foreach (var inline in document.Descendants<LinkInline>().ToList())
        {
            if (Target(inline.Url ?? "", path, link) is { } target) inline.Url = target;
            else inline.ReplaceBy(new ContainerInline());
        }

        // Whoever uses the keyboard can scroll what is wider than the page.
        foreach (var block in document.Descendants().Where(block => block is Table)) block.GetAttributes().AddProperty("tabindex", "0");
        return document.ToHtml(Pipeline).Replace("<pre><code", "<pre tabindex=\"0\"><code", StringComparison.Ordinal);
    }

    private static string? Target(string url, string path, Func<string, string> link)
    {
        if (url.StartsWith('#') || url.StartsWith("https://", StringComparison.Ordinal) || url.StartsWith("http://", StringComparison.Ordinal)) return url;
        var parts = url.Split('#', 2);
        var file = new Uri(new Uri("file:///" + path), parts[0]).AbsolutePath.TrimStart('/');
        return ShippedDocuments.Page(file) is { } page ? link(page) + (parts.Length == 2 ? "#" + parts[1] : "") : null;
    }

    /// <summary>Names, addresses and URLs. None of these characters means anything to HTML, a shell or PromQL.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9_*][A-Za-z0-9_*./:-]*\z")]
    private static partial Regex Harmless();
}
