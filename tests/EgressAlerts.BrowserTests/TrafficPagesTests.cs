using System.Globalization;
using System.Text.Json;
using EgressAlerts.Testing;
using Microsoft.Playwright;

namespace EgressAlerts.BrowserTests;

/// <summary>The overview, and the pages about workloads, destinations and readiness.</summary>
[Collection(PagesTests.Name)]
public sealed class TrafficPagesTests(PagesFixture pages)
{
    [Fact]
    public async Task The_overview_shows_what_fires_what_was_sent_and_who_talks_to_whom()
    {
        await using var opened = await pages.OpenAsync("");
        var page = opened.Page;
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "EgressNameMismatch" }).First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".ribbon").First).ToBeAttachedAsync();
        Assert.InRange(await page.Locator(".ribbon").CountAsync(), 3, 30);
        await Assertions.Expect(page.Locator("svg.flows text").Filter(new() { HasText = "shop" }).First).ToBeVisibleAsync();

        // 240 MB went to an address without a name.
        var top = page.GetByRole(AriaRole.Region, new() { Name = "Most sent out" }).Locator("tbody tr").First;
        await Assertions.Expect(top).ToContainTextAsync("185.199.72.11");
        await opened.UntilItHasAsync("section:has-text('Most sent out') tbody tr:first-child .spark rect");
        await Assertions.Expect(page.Locator("section").Filter(new() { HasText = "By route" })).ToContainTextAsync("blocked");
        await Assertions.Expect(page.Locator("section").Filter(new() { HasText = "Attempts" }).Last).ToContainTextAsync("vps-99.hoster.example.net");
        Assert.Empty(opened.Faults);
    }

    [Fact]
    public async Task The_amounts_of_the_overview_are_those_of_Prometheus()
    {
        // While the other tests ask for many pages at once, a page may say that Prometheus is busy.
        var shown = default(JsonElement);
        await Deadline.UntilAsync(
            async () =>
            {
                var overview = await pages.Service.GetAsync("api/v1/overview?range=1h");
                shown = overview.GetProperty("top_uploads").EnumerateArray()
                    .FirstOrDefault(top => top.GetProperty("destination").GetString() == "185.199.72.11");
                return shown.ValueKind == JsonValueKind.Object;
            },
            60,
            "the overview shows the upload",
            between: 1);

        // The story sends 240,000,000 bytes there, and nothing is extrapolated.
        Assert.Equal(240e6, shown.GetProperty("upload_bytes").GetDouble());
        var workloads = await pages.Service.GetAsync("api/v1/workloads/batch/report");
        var counted = workloads.GetProperty("destinations").GetProperty("rows").EnumerateArray()
            .Single(row => row.GetProperty("destination").GetString() == "185.199.72.11");
        Assert.Equal(240e6, counted.GetProperty("upload_bytes").GetDouble());
    }

    [Fact]
    public async Task A_filter_is_in_the_address_and_survives_sorting()
    {
        await using var opened = await pages.OpenAsync("workloads");
        var page = opened.Page;
        await page.Locator("select[name=namespace]").SelectOptionAsync("batch");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("namespace=batch", StringComparison.Ordinal));
        Assert.All(await page.Locator("tbody tr td:first-child").AllInnerTextsAsync(), name => Assert.StartsWith("batch/", name, StringComparison.Ordinal));
        await page.GetByRole(AriaRole.Link, new() { Name = "Blocked attempts" }).ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("namespace=batch", StringComparison.Ordinal) && url.Contains("sort=refused", StringComparison.Ordinal));
        await Assertions.Expect(page.Locator("tbody tr").First).ToContainTextAsync("batch/report");
        Assert.Empty(opened.Faults);
    }

    [Fact]
    public async Task A_workload_shows_each_destination_with_its_state_and_trust()
    {
        await using var opened = await pages.OpenAsync("workloads/batch/report");
        var page = opened.Page;
        ILocator Link(string name) => page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });
        ILocator Row(string destination) => page.Locator("tbody tr").Filter(new() { Has = Link(destination) });
        await Assertions.Expect(Row("vps-99.hoster.example.net").Last).ToContainTextAsync("blocked");
        await Assertions.Expect(Row("185.199.72.11").Last).ToContainTextAsync("new");
        await Assertions.Expect(Row("185.199.72.11").Last).ToContainTextAsync("no name");
        await Assertions.Expect(page.Locator("dl")).ToContainTextAsync("Learned since");

        await using var shop = await pages.OpenAsync("workloads/shop/checkout");
        var stripe = shop.Page.Locator("tbody tr").Filter(new() { HasText = "api.stripe.com" }).First;
        await Assertions.Expect(stripe).ToContainTextAsync("allowed");
        await Assertions.Expect(stripe).ToContainTextAsync("registered");

        await using var search = await pages.OpenAsync("workloads/search/crawler");
        await Assertions.Expect(search.Page.Locator("dl")).ToContainTextAsync("detection.overrides[0]");
    }

    [Fact]
    public async Task Many_destinations_of_a_workload_are_shown_in_pages_of_rows()
    {
        await Deadline.UntilAsync(
            async () => (await pages.Service.GetAsync("api/v1/workloads/search/indexer")).GetProperty("destinations").GetProperty("total").GetInt32() > 120,
            60,
            "more destinations are counted than a page has rows");
        await using var opened = await pages.OpenAsync("workloads/search/indexer?sort=name");
        Assert.Equal(100, await opened.Page.Locator("tbody tr").CountAsync());
        var first = await opened.Page.Locator("tbody tr td:first-child").AllInnerTextsAsync();
        await opened.Page.GetByRole(AriaRole.Link, new() { Name = "Next" }).ClickAsync();
        await opened.Page.WaitForURLAsync(url => url.Contains("page=2", StringComparison.Ordinal) && url.Contains("sort=name", StringComparison.Ordinal));
        Assert.Empty(first.Intersect(await opened.Page.Locator("tbody tr td:first-child").AllInnerTextsAsync()));
        Assert.Empty(opened.Faults);
    }

    [Fact]
    public async Task A_destination_says_where_its_name_comes_from_and_who_talks_to_it()
    {
        await using var opened = await pages.OpenAsync("destinations/smtp.mailer.example.com");
        var page = opened.Page;
        await Assertions.Expect(page.Locator("dl")).ToContainTextAsync("145.14.30.7");
        await Assertions.Expect(page.Locator("dl")).ToContainTextAsync("Reverse DNS gives this name, and the name resolves back to the address.");
        await page.GetByRole(AriaRole.Link, new() { Name = "batch/report" }).ClickAsync();
        await page.WaitForURLAsync(new Uri(pages.Service.Address, "workloads/batch/report").ToString());
        Assert.Empty(opened.Faults);
    }

    [Fact]
    public async Task Who_stands_behind_an_egress_gateway_is_said_as_an_estimate_that_leads_to_the_workload_and_to_how_one_tells_for_sure()
    {
        await using var opened = await pages.OpenAsync("destinations/app.example-2.com");
        var page = opened.Page;
        var row = page.GetByRole(AriaRole.Region, new() { Name = "Workloads" }).Locator("tbody tr").First;
        await Assertions.Expect(row).ToContainTextAsync("Estimated: behind this gateway, by share of the first hop: search/indexer 100 %");
        await Assertions.Expect(page.GetByText("This is an estimate")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "How to tell for sure" }).ClickAsync();
        await Assertions.Expect(page.Locator("#behind-an-egress-gateway")).ToBeInViewportAsync();
        Assert.Empty(opened.Faults);

        await using var gateway = await pages.OpenAsync("workloads/istio-system/istio-egressgateway");
        await Assertions.Expect(gateway.Page.GetByRole(AriaRole.Heading, new() { Name = "Who enters this gateway" })).ToBeVisibleAsync();
        await gateway.Page.GetByRole(AriaRole.Link, new() { Name = "search/indexer" }).ClickAsync();
        await gateway.Page.WaitForURLAsync(new Uri(pages.Service.Address, "workloads/search/indexer").ToString());
        Assert.Empty(gateway.Faults);
    }

    [Fact]
    public async Task Readiness_lists_what_REGISTRY_ONLY_would_refuse()
    {
        await using var opened = await pages.OpenAsync("readiness?namespace=shop");
        var page = opened.Page;
        var shop = page.GetByRole(AriaRole.Region, new() { Name = "Namespaces" }).Locator("tr").Filter(new() { HasText = "shop" });
        var share = await shop.Locator(".badge").InnerTextAsync();
        Assert.InRange(double.Parse(share[..share.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture), 1, 99);
        var open = page.GetByRole(AriaRole.Region, new() { Name = "Destinations that are not registered" });
        await Assertions.Expect(open).ToContainTextAsync("api.weather.example.com");
        await Assertions.Expect(open).Not.ToContainTextAsync("api.stripe.com");
        Assert.Empty(opened.Faults);
    }
}
