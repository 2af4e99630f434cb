using System.Globalization;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>A mesh of which a server gives no more than a part in one answer: every increment is counted once all the same.</summary>
public sealed class LargeMeshTests : IAsyncLifetime
{
    private const int Windows = 20;
    private SimulatorServer _mesh = null!;
    private PrometheusServer _prometheus = null!;
    private EgressAlertsProcess _service = null!;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _prometheus.DisposeAsync();
        await _mesh.DisposeAsync();
    }

    [Fact]
    public async Task Read_in_parts_twenty_windows_equal_the_truth()
    {
        _mesh = await SimulatorServer.StartAsync(Large(), seed: 42);
        _prometheus = await PrometheusServer.StartLimitedAsync(Engine.Prometheus, 50_000, "1s", ("envoy-stats", _mesh.Address));
        _service = new EgressAlertsProcess($$"""
            prometheus: {url: '{{_prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s}
            dns: { servers: ['{{_mesh.Dns.Endpoint}}'], timeout: 500ms, queries_per_second: 1000 }
            destinations: {patience: 8s}
            alerting: {alertmanagers: []}
            """);
        await _prometheus.UntilScrapedAsync();
        await _service.StartAsync();

        // How soon there is so much depends on how many scrapes a busy machine gets done.
        await Deadline.UntilAsync(async () => await PartsAsync() >= 2, 300, "a window has more samples than one answer can have");
        var last = default(DateTimeOffset);
        for (var seen = 0; seen < Windows; seen++)
        {
            var ledger = await Deadline.UntilAsync(
                () => Ledger.OfAsync(_service, _prometheus, _mesh.World, after: last),
                90,
                string.Create(CultureInfo.InvariantCulture, $"a window after {last}; the service said:\n{_service.Output}"));
            Assert.True(ledger.Differences.Count == 0, string.Join('\n', ledger.Differences));
            last = ledger.WindowEnd;
        }

        // Two minutes of 1,600 series are 200,000 samples of a metric, in this mesh with new namespaces all the time.
        await Deadline.UntilAsync(async () => await PartsAsync() >= 4, 300, "a window has more samples than three answers can have");
        Assert.InRange(await PartsAsync(), 4, 32);
        var final = await Deadline.UntilAsync(
            async () => await Ledger.OfAsync(_service, _prometheus, _mesh.World) is { Differences.Count: 0 } found ? found : null, 90, "the books balance");
        Assert.Contains(final.Truth.Keys, key => key.Workload == "newcomer");
        Assert.Equal(1, await PartsAsync("istio_tcp_sent_bytes_total"));
    }

    private async Task<double> PartsAsync(string metric = "istio_requests_total") =>
        (await _service.MetricsAsync()).Single(sample => sample.Name == "egress_alerts_query_parts" && sample["metric"] == metric).Value;

    /// <summary>Eight namespaces with five pods each, of which each talks to 40 hosts; and every few seconds a namespace that was not there before.</summary>
    internal static Scenario Large()
    {
        var hosts = Enumerable.Range(1, 40)
            .Select(i => new Target((Way)(i % 2), string.Create(CultureInfo.InvariantCulture, $"host-{i}.example.com"), "", 80))
            .ToList();
        return new Scenario("large", TimeSpan.FromMilliseconds(500), world =>
        {
            for (var pod = world.Pods.Count; pod < 40; pod++) world.Start("team-" + (pod % 8), "workload");
            foreach (var pod in world.Pods.Take(40))
            {
                foreach (var host in hosts) pod.Http(host, 1 + world.Random.Next(3));
                if (world.Random.Next(200) == 0) pod.Restart();
            }

            if (world.Tick % 8 != 0) return;
            var name = string.Create(CultureInfo.InvariantCulture, $"{(char)('a' + (world.Tick / 8 * 7 % 26))}-{world.Tick}");
            world.Start(name, "newcomer").Http(hosts[world.Tick % 40], 5);
            if (world.Pods.Count > 50) world.Stop(world.Pods[40]);
        }, new DnsZone());
    }
}
