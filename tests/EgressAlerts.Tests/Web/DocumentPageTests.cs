using System.Text.RegularExpressions;
using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

public sealed partial class DocumentPageTests
{
    private static readonly Dictionary<string, string> Values = new() { ["namespace"] = "batch", ["workload"] = "re<b>", ["destination"] = "" };

    public static TheoryData<string> All => new(ShippedDocuments.Paths);

    [Theory]
    [MemberData(nameof(All))]
    public void Each_link_of_a_document_leads_to_a_page_and_to_an_anchor_that_are_there(string path)
    {
        var html = DocumentHtml.Render(path, link => "/" + link);
        Assert.StartsWith("<h1 id=", html, StringComparison.Ordinal);
        foreach (var href in Href().Matches(html).Select(match => match.Groups["href"].Value))
        {
            if (href.StartsWith("http", StringComparison.Ordinal)) continue;
            var parts = href.Split('#', 2);
            var target = parts[0].Length == 0 ? path : ShippedDocuments.Paths.Single(one => "/" + ShippedDocuments.Page(one) == parts[0]);
            if (parts.Length == 2) Assert.Contains($" id=\"{parts[1]}\"", DocumentHtml.Render(target, link => link), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_runbook_links_to_others_and_to_the_documents()
    {
        string Html(string name) => DocumentHtml.Render(ShippedDocuments.RunbookPath(name), link => "../" + link);
        Assert.Contains("<a href=\"../docs/alerts/policies\">", Html("EgressForbidden"), StringComparison.Ordinal);
        Assert.Contains("<a href=\"../docs/alerts/README#how-they-learn\">", Html("EgressUploadSpike"), StringComparison.Ordinal);
    }

    [Fact]
    public void Placeholders_are_filled_with_plain_names_alone()
    {
        var html = DocumentHtml.Part(ShippedDocuments.RunbookPath("EgressBlocked"), link => link, Values);
        Assert.Contains("kubectl -n batch get pods -l app=&lt;workload&gt;", html, StringComparison.Ordinal);
        Assert.Contains("&lt;destination&gt;", html, StringComparison.Ordinal);
        Assert.Contains("<pre tabindex=\"0\"><code>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<h1", html, StringComparison.Ordinal);
        Assert.Contains("<h3 id=\"meaning\">", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_index_says_of_each_runbook_what_its_alert_means()
    {
        Assert.Equal(33, ShippedDocuments.RunbookNames.Count);
        Assert.All(ShippedDocuments.RunbookNames.Select(RunbookEntry.Of), entry => Assert.InRange(entry.Meaning.Length, 10, 400));
        var html = await Rendered.PageAsync<DocumentPage, DocumentModel>(
            new(ShippedDocuments.RunbookPath("EgressBlocked"), "EgressBlocked", ""), "runbooks/EgressBlocked");
        Assert.Contains("<h1 id=\"egressblocked\">EgressBlocked</h1>", html, StringComparison.Ordinal);
    }

    [GeneratedRegex("href=\"(?<href>[^\"]*)\"")]
    private static partial Regex Href();
}
