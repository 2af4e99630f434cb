using EgressAlerts.Testing;
using Microsoft.Playwright;

namespace EgressAlerts.BrowserTests;

/// <summary>What is true of every page: it is whole, works everywhere, and loads nothing from elsewhere.</summary>
[Collection(PagesTests.Name)]
public sealed class EveryPageTests(PagesFixture pages)
{
    private const string Missing = "nothing/here";

    private static readonly HttpClient Http = new();

    /// <summary>The pages, below the overview. ALERT stands for the fingerprint of an alert that fires.</summary>
    private static readonly string[] All =
    [
        "", "?range=1h", "alerts", "alerts?state=resolved", "alerts?state=held_back", "alerts/ALERT", "workloads", "workloads?namespace=shop&sort=name",
        "workloads/batch/report", "workloads/search/indexer?page=2", "destinations", "destinations?name_source=ip", "destinations/api.stripe.com", "readiness",
        "readiness?namespace=shop", "entries", "policies", "explain",
        "explain?source=batch/report&destination=www.mailer.example.com&address=141.95.33.98&port=80", "status",
        "config", "runbooks/", "runbooks/EgressBlocked", Missing,
    ];

    public static TheoryData<string> Paths => [.. All];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_page_is_whole_and_asks_nobody_else(string path)
    {
        await using var opened = await OpenAsync(path);
        Assert.EndsWith("EgressAlerts", await opened.Page.TitleAsync(), StringComparison.Ordinal);
        Assert.Equal(1, await opened.Page.Locator("h1").CountAsync());
        await Assertions.Expect(opened.Page.Locator(".light").First).ToBeVisibleAsync();

        // The browser itself notes in the console that the page is a 404.
        Assert.DoesNotContain(opened.Faults, fault => path != Missing || !fault.Contains("404", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_page_is_accessible_in_light_and_dark(string path)
    {
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await using var opened = await OpenAsync(path, new() { ColorScheme = scheme, ViewportSize = new() { Width = 1280, Height = 900 } });
            Assert.Empty(await opened.SeriousFindingsAsync());
            var ground = await opened.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
            Assert.Equal(scheme == ColorScheme.Light ? "rgb(255, 255, 255)" : "rgb(18, 22, 29)", ground);
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_page_fits_into_a_narrow_window_and_works_without_script(string path)
    {
        await using var opened = await OpenAsync(path, new() { JavaScriptEnabled = true, ViewportSize = new() { Width = 400, Height = 800 } });
        var width = await opened.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(width <= 400, $"the page is {width} pixels wide");

        await using var plain = await OpenAsync(path, new() { JavaScriptEnabled = false });
        Assert.Equal(await opened.Page.Locator("h1").InnerTextAsync(), await plain.Page.Locator("h1").InnerTextAsync());
        await Assertions.Expect(plain.Page.Locator("header nav a").First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Every_link_of_every_page_leads_somewhere()
    {
        var broken = new List<string>();
        var seen = new HashSet<string>();
        foreach (var path in All.Where(path => path != Missing))
        {
            await using var opened = await OpenAsync(path);
            var links = await opened.Page.Locator("a[href], link[href], script[src]").EvaluateAllAsync<string[]>("all => all.map(one => one.href || one.src)");
            var anchors = await opened.Page.Locator("[id]").EvaluateAllAsync<string[]>("all => all.map(one => one.id)");
            foreach (var link in links.Select(link => new Uri(link)))
            {
                var isHere = link.GetLeftPart(UriPartial.Query) == new Uri(opened.Page.Url).GetLeftPart(UriPartial.Query);
                if (isHere && link.Fragment.Length > 1 && !anchors.Contains(Uri.UnescapeDataString(link.Fragment[1..]))) broken.Add($"{path}: {link}");
                if (link.Authority != pages.Service.Address.Authority || !seen.Add(link.GetLeftPart(UriPartial.Query))) continue;
                using var answer = await Http.GetAsync(link);
                if (!answer.IsSuccessStatusCode) broken.Add($"{path}: {link} ({(int)answer.StatusCode})");
            }
        }

        Assert.True(broken.Count == 0, string.Join("\n", broken));
        Assert.True(seen.Count > 50, $"only {seen.Count} links were seen");
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_page_has_a_twin_in_JSON_and_refuses_unknown_arguments(string path)
    {
        if (path.Contains("runbooks", StringComparison.Ordinal) || path == Missing) return; // Documents have no twin.
        path = await FilledAsync(path);
        var twin = "api/v1/" + (path.Length == 0 || path[0] == '?' ? "overview" + path : path);
        using var answer = await Http.GetAsync(new Uri(pages.Service.Address, twin));
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        foreach (var asked in (string[])[path, twin])
        {
            var more = asked.Contains('?', StringComparison.Ordinal) ? "&" : "?";
            using var refused = await Http.GetAsync(new Uri(pages.Service.Address, $"{asked}{more}nonsense=1"));
            Assert.Equal(400, (int)refused.StatusCode);
            Assert.Contains("nonsense", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_keyboard_reaches_the_content_and_the_links()
    {
        await using var opened = await OpenAsync("");
        await opened.Page.Keyboard.PressAsync("Tab");
        await opened.Page.Keyboard.PressAsync("Enter");
        Assert.EndsWith("#content", opened.Page.Url, StringComparison.Ordinal);
        await opened.Page.GotoAsync(pages.Service.Address.ToString());
        for (var i = 0; i < 3; i++) await opened.Page.Keyboard.PressAsync("Tab");
        Assert.Equal("Alerts", await opened.Page.EvaluateAsync<string>("document.activeElement.textContent"));
        await opened.Page.Keyboard.PressAsync("Enter");
        await opened.Page.WaitForURLAsync(new Uri(pages.Service.Address, "alerts").ToString());
    }

    [Fact]
    public async Task What_is_live_is_shown_anew_without_a_click()
    {
        await using var opened = await OpenAsync("");
        var first = await opened.Page.Locator(".lights .light").First.InnerTextAsync();
        await Deadline.UntilAsync(async () => await opened.Page.Locator(".lights .light").First.InnerTextAsync() != first, 60, "the bar has changed");
        Assert.Empty(opened.Faults);
    }

    [Fact]
    public async Task Behind_a_proxy_that_shows_another_path_every_link_stays_below_it()
    {
        await using var proxy = await PathProxy.StartAsync(pages.Service.Address);
        await using var opened = await WatchedPage.OpenAsync(pages.Browser, proxy.Address, "workloads/batch/report", null);
        var links = await opened.Page.Locator("a[href], link[href], script[src]").EvaluateAllAsync<string[]>("all => all.map(one => one.href || one.src)");
        Assert.True(links.Length > 20);
        Assert.All(links, link => Assert.StartsWith(proxy.Address.ToString(), link, StringComparison.Ordinal));
        await opened.Page.GetByRole(AriaRole.Link, new() { Name = "EgressAlerts" }).First.ClickAsync();
        await opened.Page.WaitForURLAsync(proxy.Address.ToString());
        await opened.Page.GetByRole(AriaRole.Link, new() { Name = "Runbooks" }).First.ClickAsync();
        await opened.Page.GetByRole(AriaRole.Link, new() { Name = "EgressBlocked" }).First.ClickAsync();
        await opened.Page.WaitForURLAsync(new Uri(proxy.Address, "runbooks/EgressBlocked").ToString());
        Assert.Empty(opened.Faults);
    }

    [Fact]
    public async Task On_paper_a_page_has_its_content_and_no_navigation()
    {
        await using var opened = await OpenAsync("workloads/batch/report");
        await opened.Page.EmulateMediaAsync(new() { Media = Media.Print });
        await Assertions.Expect(opened.Page.Locator("header nav")).ToBeHiddenAsync();
        await Assertions.Expect(opened.Page.Locator("tbody tr").First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_prefix_alone_leads_to_the_overview()
    {
        await using var opened = await pages.OpenAsync("/egress");
        Assert.Equal(pages.Service.Address.ToString(), opened.Page.Url);
        await opened.Page.GotoAsync(new Uri(pages.Service.Address, "/").ToString());
        Assert.Equal(pages.Service.Address.ToString(), opened.Page.Url);
        Assert.Empty(opened.Faults);
    }

    private async Task<WatchedPage> OpenAsync(string path, BrowserNewContextOptions? options = null) => await pages.OpenAsync(await FilledAsync(path), options);

    private async Task<string> FilledAsync(string path) => path.Contains("ALERT", StringComparison.Ordinal)
        ? path.Replace("ALERT", await pages.FingerprintAsync("EgressNameMismatch"), StringComparison.Ordinal)
        : path;
}
