using System.Text.Json;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>Two workloads leave through one egress gateway, and Istio does not say which of them wanted which host.</summary>
public sealed class GatewayStoryTests : IAsyncLifetime
{
    private const string Gateway = "istio-egressgateway";
    private const string Host = "app.example-2.com";

    private SimulatorServer _mesh = null!;
    private PrometheusServer _prometheus = null!;
    private EgressAlertsProcess _service = null!;

    public async Task InitializeAsync()
    {
        _mesh = await SimulatorServer.StartAsync(TwoBehindAGateway());
        _prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", _mesh.Address));
        _service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{_prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s }
            dns: { servers: ['{{_mesh.Dns.Endpoint}}'], timeout: 500ms }
            destinations: { patience: 4s }
            alerting: { alertmanagers: [] }
            """);
        await _prometheus.UntilScrapedAsync();
        await _service.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _prometheus.DisposeAsync();
        await _mesh.DisposeAsync();
    }

    [Fact]
    public async Task Each_workload_has_exactly_its_share_of_the_first_hop_behind_the_second_and_pages_and_alerts_say_that_it_is_an_estimate()
    {
        // The books and the pages are of the same window.
        var (truth, behind, entering) = await Deadline.UntilAsync(
            async () =>
            {
                if (await Ledger.OfAsync(_service, _prometheus, _mesh.World) is not { } books) return null;
                var page = await _service.GetAsync($"api/v1/destinations/{Host}");
                var gateway = await _service.GetAsync($"api/v1/workloads/istio-system/{Gateway}");
                if (WindowEnd(page) != books.WindowEnd || WindowEnd(gateway) != books.WindowEnd || FirstHops(books.Truth).Count < 2) return null;
                Assert.True(books.Differences.Count == 0, string.Join('\n', books.Differences));
                var row = page.GetProperty("workloads").GetProperty("rows")[0];
                return Tuple.Create(FirstHops(books.Truth), row.GetProperty("behind"), gateway.GetProperty("first_hops"));
            },
            90,
            $"a window in which all move:\n{_service.Output}");
        Assert.Equal(["batch/report", "shop/web"], truth.Select(one => one.Workload));
        foreach (var shown in (JsonElement[])[behind, entering])
        {
            var shares = shown.GetProperty("workloads").EnumerateArray().ToList();
            Assert.Equal(truth.Select(one => one.Workload), shares.Select(Name));
            foreach (var (one, other) in truth.Zip(shares)) Assert.Equal(one.Share, other.GetProperty("share").GetDouble(), 1e-12);
        }

        // The first hop of a workload alone says nothing about what it wanted, and the page does not pretend to.
        using var http = new HttpClient();
        var html = await http.GetStringAsync(new Uri(_service.Address, $"destinations/{Host}"));
        Assert.Contains("Estimated: behind this gateway, by share of the first hop:", html, StringComparison.Ordinal);
        Assert.Contains("This is an estimate: Istio counts the hop to the gateway and the hop from it", html, StringComparison.Ordinal);
        html = await http.GetStringAsync(new Uri(_service.Address, $"workloads/istio-system/{Gateway}"));
        Assert.Contains("Who enters this gateway", html, StringComparison.Ordinal);

        _mesh.World.Do(world => world.Pods.First(pod => pod.Workload == Gateway).Http(new Target(Way.Blocked, "evil.example.net", "", 80)));
        var (sentence, description) = await Deadline.UntilAsync(
            async () => (await _service.GetAsync($"api/v1/alerts?alertname=EgressBlocked&source_workload={Gateway}")).EnumerateArray()
                .Select(alert => alert.GetProperty("annotations"))
                .Select(said => Tuple.Create(said.GetProperty("behind_gateway").GetString()!, said.GetProperty("description").GetString()!))
                .FirstOrDefault(),
            60,
            $"the refused request is an alert:\n{_service.Output}");
        Assert.Matches(@"^Estimated: behind this gateway, by share of the first hop: batch/report [\d.]+ %, shop/web [\d.]+ %\.$", sentence);
        Assert.EndsWith(" " + sentence, description, StringComparison.Ordinal);
    }

    /// <summary>The share of each workload in the requests that came to the gateway, the largest first.</summary>
    private static List<(string Workload, double Share)> FirstHops(IReadOnlyDictionary<TruthKey, double> truth)
    {
        var hops = truth.Where(sum => sum.Key is { Route: "gateway", Metric: "requests" }).ToList();
        return
        [
            .. hops.OrderByDescending(hop => hop.Value)
                .Select(hop => ($"{hop.Key.Namespace}/{hop.Key.Workload}", hop.Value / hops.Sum(other => other.Value))),
        ];
    }

    private static string Name(JsonElement share) => $"{share.GetProperty("source_workload_namespace")}/{share.GetProperty("source_workload")}";

    private static DateTimeOffset WindowEnd(JsonElement page) => page.GetProperty("window_end").GetDateTimeOffset();

    private static Scenario TwoBehindAGateway()
    {
        var hop = new Target(Way.Gateway, Gateway, "", 443);
        var outside = new Target(Way.Registered, Host, "", 443);
        return new Scenario("two behind a gateway", TimeSpan.FromMilliseconds(250), world =>
        {
            if (world.Pods.Count == 0)
            {
                world.Start("batch", "report");
                world.Start("shop", "web");
                world.Start("istio-system", Gateway);
            }

            world.Pods[0].Http(hop, count: 3);
            if (world.Tick % 2 == 0) world.Pods[1].Http(hop);
            world.Pods[2].Http(outside, count: world.Tick % 2 == 0 ? 4 : 3);
        }, new DnsZone());
    }
}
