using System.Collections.Concurrent;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace EgressAlerts.BrowserTests;

/// <summary>A page of the service in a browser. It notes errors of the console, requests that fail, and requests to anywhere else.</summary>
public sealed class WatchedPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;

    private WatchedPage(IBrowserContext context, IPage page) => (_context, Page) = (context, page);

    public IPage Page { get; }

    /// <summary>What went wrong since the page was opened.</summary>
    public ConcurrentQueue<string> Faults { get; } = [];

    public static async Task<WatchedPage> OpenAsync(IBrowser browser, Uri service, string path, BrowserNewContextOptions? options)
    {
        var context = await browser.NewContextAsync(options ?? new() { ViewportSize = new() { Width = 1280, Height = 900 } });
        var watched = new WatchedPage(context, await context.NewPageAsync());
        watched.Page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") watched.Faults.Enqueue($"console: {message.Text}");
        };
        watched.Page.PageError += (_, error) => watched.Faults.Enqueue($"script: {error}");
        watched.Page.RequestFailed += (_, request) => watched.Faults.Enqueue($"failed: {request.Url}");
        watched.Page.Response += (_, response) =>
        {
            if (response.Status >= 400 && !response.Request.IsNavigationRequest) watched.Faults.Enqueue($"{response.Status}: {response.Url}");
        };
        watched.Page.Request += (_, request) =>
        {
            if (new Uri(request.Url).Authority != service.Authority) watched.Faults.Enqueue($"elsewhere: {request.Url}");
        };
        await watched.Page.GotoAsync(new Uri(service, path).ToString());
        return watched;
    }

    /// <summary>Loads the page again until it has something, because a step of the history must have two scrapes.</summary>
    public async Task UntilItHasAsync(string selector) => await Testing.Deadline.UntilAsync(
        async () =>
        {
            if (await Page.Locator(selector).CountAsync() > 0) return true;
            await Page.ReloadAsync();
            return false;
        },
        60,
        $"the page has {selector}");

    /// <summary>What axe-core finds that is serious or critical for people with disabilities, as one line each.</summary>
    public async Task<IReadOnlyList<string>> SeriousFindingsAsync()
    {
        var result = await Page.RunAxe();
        return
        [
            .. from violation in result.Violations
               where violation.Impact is "serious" or "critical"
               select $"{violation.Id}: {violation.Help} ({string.Join("; ", violation.Nodes.Select(node => node.Html).Take(3))})",
        ];
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}
