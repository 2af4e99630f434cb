using EgressAlerts.Testing;
using Microsoft.Playwright;

namespace EgressAlerts.BrowserTests;

/// <summary>The pages about alerts, and the runbooks.</summary>
[Collection(PagesTests.Name)]
public sealed class AlertPagesTests(PagesFixture pages)
{
    [Fact]
    public async Task The_list_is_grouped_by_workload_and_each_state_has_a_tab()
    {
        await using var opened = await pages.OpenAsync("alerts");
        var page = opened.Page;
        await Assertions.Expect(page.Locator("tr.group").Filter(new() { HasText = "batch/report" })).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Link, new() { Name = "Resolved (" }).ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("state=resolved", StringComparison.Ordinal));
        await Assertions.Expect(page.Locator("tbody")).ToContainTextAsync("EgressBlocked");
        await page.Locator("select[name=severity]").SelectOptionAsync("critical");
        await page.GetByRole(AriaRole.Button, new() { Name = "Filter" }).ClickAsync();
        await page.WaitForURLAsync(
            url => url.Contains("severity=critical", StringComparison.Ordinal) && url.Contains("state=resolved", StringComparison.Ordinal));
        Assert.All(await page.Locator("tbody .badge.critical").AllInnerTextsAsync(), text => Assert.Equal("critical", text));
        Assert.Empty(opened.Faults);
    }

    [Fact]
    public async Task An_alert_says_what_was_seen_why_it_is_too_much_and_what_to_do()
    {
        var fingerprint = (await pages.Service.GetAsync("api/v1/alerts?alertname=EgressNewDestination&state=firing")).EnumerateArray()
            .First(alert => alert.GetProperty("labels").GetProperty("destination").GetString() == "185.199.72.11").GetProperty("fingerprint").GetString();
        await using var opened = await pages.OpenAsync($"alerts/{fingerprint}");
        var page = opened.Page;
        await Assertions.Expect(page.Locator("dl").First).ToContainTextAsync("Observed");
        await Assertions.Expect(page.Locator("dl").First).ToContainTextAsync("detection.");
        await opened.UntilItHasAsync("svg.chart .bar");
        await Assertions.Expect(page.Locator("svg.chart .span")).ToBeAttachedAsync();
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("185.199.72.11/32");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("kind: NetworkPolicy");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("amtool silence add");
        var silence = await page.GetByRole(AriaRole.Link, new() { Name = "Open a silence in Alertmanager" }).GetAttributeAsync("href");
        Assert.StartsWith("https://alertmanager.example.com/#/silences/new?filter=", silence, StringComparison.Ordinal);
        var prometheus = await page.GetByRole(AriaRole.Link, new() { Name = "Open in Prometheus" }).First.GetAttributeAsync("href");
        Assert.StartsWith("https://prometheus.example.com/graph?g0.expr=", prometheus, StringComparison.Ordinal);

        // The placeholders of the runbook are filled.
        await Assertions.Expect(page.Locator("section.document")).ToContainTextAsync("batch");
        await Assertions.Expect(page.Locator("section.document")).Not.ToContainTextAsync("<workload>");
        Assert.Empty(opened.Faults);
    }

    [Fact]
    public async Task A_query_can_be_copied_and_Prometheus_answers_it()
    {
        var fingerprint = await pages.FingerprintAsync("EgressNameMismatch");
        await using var opened = await pages.OpenAsync($"alerts/{fingerprint}", new() { Permissions = ["clipboard-read", "clipboard-write"] });
        var block = opened.Page.Locator("section[aria-labelledby=evidence] [data-copy]").First;
        await block.GetByRole(AriaRole.Button, new() { Name = "Copy" }).ClickAsync();
        await Assertions.Expect(block.GetByRole(AriaRole.Button)).ToHaveTextAsync("Copied");
        var query = await opened.Page.EvaluateAsync<string>("navigator.clipboard.readText()");
        Assert.NotEmpty(await pages.Prometheus.QueryAsync(query));
        Assert.Empty(opened.Faults);
    }

    [Fact]
    public async Task A_resolved_alert_keeps_its_page_under_the_link_that_its_message_had()
    {
        var alert = (await pages.Service.GetAsync("api/v1/alerts?alertname=EgressBlocked&state=resolved"))[0];
        await using var opened = await pages.OpenAsync($"alerts/{alert.GetProperty("fingerprint").GetString()}");
        await Assertions.Expect(opened.Page.Locator("main")).ToContainTextAsync("resolved");
        await Assertions.Expect(opened.Page.Locator("main")).ToContainTextAsync("kind: ServiceEntry");
        await using var missing = await pages.OpenAsync("alerts/0123456789abcdef");
        await Assertions.Expect(missing.Page.Locator("main")).ToContainTextAsync("There is no alert with this fingerprint");
    }

    [Fact]
    public async Task Runbooks_are_pages_whose_links_work_and_markdown_for_machines()
    {
        await using var opened = await pages.OpenAsync("runbooks/");
        await opened.Page.GetByRole(AriaRole.Link, new() { Name = "EgressUploadSpike" }).First.ClickAsync();
        await Assertions.Expect(opened.Page.Locator("h1")).ToContainTextAsync("EgressUploadSpike");
        using var http = new HttpClient();
        var markdown = await http.GetStringAsync(new Uri(pages.Service.Address, "runbooks/EgressUploadSpike.md"));
        Assert.StartsWith("# EgressUploadSpike", markdown, StringComparison.Ordinal);
        Assert.Empty(opened.Faults);
    }
}
