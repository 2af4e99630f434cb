using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>A mesh with <c>ALLOW_ANY_DYNAMIC_DNS</c>, whose ServiceEntries the service watches in a made-up cluster.</summary>
public sealed class WatchStoryTests : IDisposable
{
    private const string Host = "api.example.com";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_host_counts_as_registered_as_soon_as_the_cluster_has_an_entry_for_it()
    {
        await using var mesh = await SimulatorServer.StartAsync(new Scenario(
            "a host of nobody",
            TimeSpan.FromMilliseconds(250),
            world =>
            {
                if (world.Pods.Count == 0) world.Start("shop", "cart");
                world.Pods[0].Http(new Target(Way.DynamicDns, Host, "", 80));
            },
            new DnsZone()));
        await using var prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", mesh.Address));
        await using var cluster = await FakeCluster.StartAsync();
        cluster.PutEntry("other", "other.example.com");
        await using var service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s }
            telemetry: { kubernetes: { watch: true, kubeconfig: '{{_folder.Write("kubeconfig", cluster.Kubeconfig)}}' } }
            alerting: { alertmanagers: [{ url: 'http://127.0.0.1:9' }] }
            """);
        await service.StartAsync();

        // Nothing in the telemetry tells namespaces of entries. So without the cluster, the host would be taken for registered.
        await CountedAsync(service, "passthrough");
        Assert.Equal(0, await RequestsAsync(service, "registered"));

        cluster.PutEntry("example", Host);
        await CountedAsync(service, "registered");
        var entries = (await service.GetAsync("api/v1/entries")).GetProperty("entries").GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(["istio-config/example", "istio-config/other"], entries.Select(row => row.GetProperty("entry").GetString()));
        var watches = (await service.GetAsync("api/v1/status")).GetProperty("watches").EnumerateArray().ToList();
        Assert.All(watches, watch => Assert.True(watch.GetProperty("is_connected").GetBoolean()));
        Assert.Equal(2, watches[0].GetProperty("known").GetInt32());

        // A cluster that is away takes nothing with it.
        await cluster.DisposeAsync();
        var before = await RequestsAsync(service, "registered");
        await Deadline.UntilAsync(async () => await RequestsAsync(service, "registered") > before, 60, $"it counts on:\n{service.Output}");
        await Deadline.UntilAsync(
            async () => (await service.MetricsAsync()).Where(sample => sample.Name == "egress_alerts_mesh_watch_connected").All(sample => sample.Value == 0),
            60,
            $"the watch says that it is not connected:\n{service.Output}");
        Assert.Equal(0, await service.StopAsync());
        Assert.DoesNotContain("secret-of-the-watch", service.Output, StringComparison.Ordinal);
        Assert.Contains("serviceentries.networking.istio.io are watched through the Kubernetes API", service.Output, StringComparison.Ordinal);
    }

    private static Task CountedAsync(EgressAlertsProcess service, string route) =>
        Deadline.UntilAsync(async () => await RequestsAsync(service, route) > 0, 60, $"the host counts as {route}:\n{service.Output}");

    private static async Task<double> RequestsAsync(EgressAlertsProcess service, string route) => (await service.MetricsAsync())
        .Where(sample => sample.Name == "egress_requests_total" && sample["destination"] == Host && sample["route"] == route).Sum(sample => sample.Value);
}
