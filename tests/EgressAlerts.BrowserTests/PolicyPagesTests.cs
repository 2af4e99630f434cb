using EgressAlerts.Testing;
using Microsoft.Playwright;

namespace EgressAlerts.BrowserTests;

/// <summary>The pages about policies, explanations, the service and its configuration.</summary>
[Collection(PagesTests.Name)]
public sealed class PolicyPagesTests(PagesFixture pages)
{
    [Fact]
    public async Task Policies_show_hits_and_near_misses_in_their_order()
    {
        await using var opened = await pages.OpenAsync("policies");
        var rows = opened.Page.Locator("tbody tr");
        await Assertions.Expect(rows).ToHaveCountAsync(3);
        await Assertions.Expect(rows.Nth(0)).ToContainTextAsync("payments");
        await Assertions.Expect(rows.Nth(0)).Not.ToContainTextAsync("never matched");
        await Assertions.Expect(rows.Nth(1)).ToContainTextAsync("nobody vouched for the name");
        await Assertions.Expect(rows.Nth(1)).ToContainTextAsync("www.mailer.example.com");
        await Assertions.Expect(rows.Nth(2)).ToContainTextAsync("no-paste-sites");
        Assert.Empty(opened.Faults);
    }

    [Fact]
    public async Task Explain_says_how_traffic_is_named_which_policy_matches_and_who_looks_at_it()
    {
        await using var opened = await pages.OpenAsync("explain");
        var page = opened.Page;
        await page.GetByLabel("Workload").FillAsync("batch/report");
        await page.GetByLabel("Destination").FillAsync("www.mailer.example.com");
        await page.GetByLabel("Address").FillAsync("141.95.33.98");
        await page.GetByLabel("Port").FillAsync("80");
        await page.GetByRole(AriaRole.Button, new() { Name = "Explain" }).ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("source=batch%2Freport", StringComparison.Ordinal));
        var policies = page.GetByRole(AriaRole.Region, new() { Name = "Policies" });
        await Assertions.Expect(policies.Locator("tbody tr").Nth(0)).ToContainTextAsync("source.namespaces");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Detectors" })).ToContainTextAsync("EgressNameMismatch");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Sources of names" })).ToContainTextAsync("ptr");
        Assert.Empty(opened.Faults);
    }

    [Fact]
    public async Task The_status_shows_that_everything_works()
    {
        await using var opened = await pages.OpenAsync("status");
        var page = opened.Page;
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Queries of the last window" })).ToContainTextAsync("istio_requests_total");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Coverage" })).ToContainTextAsync("istio_tcp_connections_closed_total");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Alertmanagers" })).ToContainTextAsync("works");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("egress-alerts.db");
        Assert.Empty(opened.Faults);
    }

    [Fact]
    public async Task The_configuration_shows_what_is_given_and_hides_secrets()
    {
        await using var opened = await pages.OpenAsync("config");
        var page = opened.Page;
        await Assertions.Expect(page.Locator("tr").Filter(new() { HasText = "prometheus.interval" })).ToContainTextAsync("configuration");
        await Assertions.Expect(page.Locator("tr.muted").Filter(new() { HasText = "dns.max_in_flight" })).ToContainTextAsync("default");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("password");
        Assert.DoesNotContain("s3cret", await page.ContentAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", $"{await pages.Service.GetAsync("api/v1/config")}", StringComparison.Ordinal);
        Assert.Empty(opened.Faults);
    }
}
