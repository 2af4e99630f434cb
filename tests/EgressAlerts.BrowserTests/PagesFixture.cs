using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;
using Microsoft.Playwright;

namespace EgressAlerts.BrowserTests;

/// <summary>The built service beside a real Prometheus and Alertmanager while the mesh of the demo plays its story, and Debian's Chromium to look at it.
/// The service has a route prefix, so every link is tested with one.</summary>
public sealed class PagesFixture : IAsyncLifetime
{
    /// <summary>So many destinations of one workload need a second page of rows.</summary>
    private const int ManyDestinations = 190;

    private IPlaywright _playwright = null!;
    private SimulatorServer _mesh = null!;
    private AlertmanagerServer _alertmanager = null!;

    public IBrowser Browser { get; private set; } = null!;

    public EgressAlertsProcess Service { get; private set; } = null!;

    public PrometheusServer Prometheus { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _mesh = await SimulatorServer.StartAsync(StoryWithManyDestinations());
        _alertmanager = await AlertmanagerServer.StartAsync();
        Service = new EgressAlertsProcess("", "/egress/");
        Prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", _mesh.Address), ("egress-alerts", Service.Address));
        Service.Config = $$"""
            prometheus: { url: '{{Prometheus.Address}}', external_url: 'https://prometheus.example.com/', interval: 2s, delay: 1s, timeout: 5s }
            dns: { servers: ['{{_mesh.Dns.Endpoint}}'], timeout: 500ms, cache: { min_ttl: 5s } }
            destinations: { patience: 15s }
            policies:
              - { name: payments, action: allow, source: { namespaces: [shop] }, destination: { names: [api.stripe.com] } }
              - { name: mailers, action: allow, source: { namespaces: [batch] }, destination: { names: [www.mailer.example.com] } }
              - { name: no-paste-sites, action: forbid, destination: { names: ['*.example.org'], routes: [blocked, passthrough] } }
            detection:
              learning: 15s
              blocked: { severity: critical, quiet: 20s }
              new_destination: { hold: 10m }
              name_mismatch: { quiet: 10m }
              overrides: [{ workloads: [search/*], fan_out: { enabled: false } }]
            alerting:
              alertmanagers: [{ url: '{{_alertmanager.Address}}', basic_auth: { username: egress, password: s3cret } }]
              alertmanager_external_url: 'https://alertmanager.example.com/'
              resend_interval: 5s
              external_url: 'https://egress.example.com/egress'
            """;
        await Prometheus.UntilScrapedAsync();
        await Service.StartAsync();
        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium(), Args = ["--no-sandbox"] });

        // The story is whole when the blocked attempt has resolved and the forged name is found.
        await Deadline.UntilAsync(async () => await CountAsync("alertname=EgressBlocked&state=resolved") > 0, 180, "EgressBlocked has resolved");
        await Deadline.UntilAsync(async () => await CountAsync("alertname=EgressNameMismatch&state=firing") > 0, 60, "EgressNameMismatch fires");
        await Deadline.UntilAsync(async () => await CountAsync("alertname=EgressNewDestination&state=firing") > 0, 60, "EgressNewDestination fires");
    }

    public async Task DisposeAsync()
    {
        if (Browser is not null) await Browser.DisposeAsync();
        _playwright?.Dispose();
        await Service.DisposeAsync();
        await Prometheus.DisposeAsync();
        await _alertmanager.DisposeAsync();
        await _mesh.DisposeAsync();
    }

    /// <summary>A page in a window of its own, which notes whatever goes wrong in it.</summary>
    public async Task<WatchedPage> OpenAsync(string path, BrowserNewContextOptions? options = null) =>
        await WatchedPage.OpenAsync(Browser, Service.Address, path, options);

    /// <summary>The fingerprint of the latest alert with a name.</summary>
    public async Task<string> FingerprintAsync(string alertName, string state = "firing") =>
        (await Service.GetAsync($"api/v1/alerts?alertname={alertName}&state={state}"))[0].GetProperty("fingerprint").GetString()!;

    private async Task<int> CountAsync(string query) => (await Service.GetAsync($"api/v1/alerts?{query}")).GetArrayLength();

    private static string Chromium() => Array.Find(["/usr/bin/chromium", "/usr/bin/chromium-browser"], File.Exists)
        ?? throw new InvalidOperationException("Chromium is missing: tests/run installs it, or apt-get install chromium");

    private static Scenario StoryWithManyDestinations()
    {
        var story = Scenarios.Story();
        var sites = Enumerable.Range(0, ManyDestinations)
            .Select(i => new Target(Way.Passthrough, FormattableString.Invariant($"{new string('a', 40)}-{i}.example"), "", 80)).ToList();
        var (hop, behind) = (new Target(Way.Gateway, "istio-egressgateway", "", 443), new Target(Way.Registered, "app.example-2.com", "", 443));
        return story with
        {
            Name = "story with many destinations and an egress gateway",
            Step = world =>
            {
                story.Step(world);
                if (world.Tick == 0)
                {
                    world.Start("search", "indexer");
                    world.Start("istio-system", "istio-egressgateway");
                }

                var indexer = world.Pods.First(pod => pod.Workload == "indexer");
                foreach (var site in sites.Skip(world.Tick % 10 * 20).Take(20)) indexer.Http(site);
                indexer.Http(hop);
                world.Pods.First(pod => pod.Workload == "istio-egressgateway").Http(behind);
            },
        };
    }
}

/// <summary>All tests of pages share the servers and the browser.</summary>
[CollectionDefinition(Name)]
public sealed class PagesTests : ICollectionFixture<PagesFixture>
{
    public const string Name = "pages";
}
