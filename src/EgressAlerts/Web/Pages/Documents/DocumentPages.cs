namespace EgressAlerts.Web;

/// <summary>The runbooks and the documents that they lead to. Whoever asks for <c>text/markdown</c>, or for a name that ends in <c>.md</c>, gets
/// the text.</summary>
internal static class DocumentPages
{
    private const string Extension = ".md";
    private const string OfService = "EgressAlerts";

    public static void Map(PageRoutes pages)
    {
        var index = PageResult.Of("Runbooks", Index());
        pages.MapPage<RunbooksPage, RunbooksModel>("/runbooks/", "/runbooks", (_, _) => Task.FromResult(index));
        pages.MapPage<DocumentPage, DocumentModel>("/runbooks/{name}", arguments => Load(ShippedDocuments.RunbookPath(Name(arguments.Part("name")))));
        pages.MapPage<DocumentPage, DocumentModel>("/docs/{**path}", arguments => Load(Name(arguments.Part("path")) + Extension));
    }

    private static string Name(string text) => text.EndsWith(Extension, StringComparison.Ordinal) ? text[..^Extension.Length] : text;

    private static PageResult<DocumentModel> Load(string path) => ShippedDocuments.Find(path) is { } text
        ? PageResult.Of(Title(text), new DocumentModel(path, Title(text), text)) with { Markdown = text }
        : PageResult.Missing<DocumentModel>("No such document", "There is no such document. The page runbooks/ lists all that there are.");

    private static RunbooksModel Index()
    {
        var runbooks = ShippedDocuments.RunbookNames.Select(RunbookEntry.Of).ToLookup(runbook => runbook.Name.StartsWith(OfService, StringComparison.Ordinal));
        return new(
            [.. runbooks[false]],
            [.. runbooks[true]],
            [
                .. ShippedDocuments.Paths.Where(path => !ShippedDocuments.RunbookNames.Any(name => ShippedDocuments.RunbookPath(name) == path))
                    .Select(path => new DocumentEntry(Title(ShippedDocuments.Find(path)!), ShippedDocuments.Page(path)!)),
            ]);
    }

    private static string Title(string text) => text.Split('\n', 2)[0].TrimStart('#', ' ');
}
