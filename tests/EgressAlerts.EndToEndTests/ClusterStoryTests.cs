using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>Two clusters behind one store. Their meshes are the same to the last pod and address, and only Istio's label tells them apart.</summary>
public sealed class ClusterStoryTests : IAsyncLifetime
{
    private const int Windows = 20;

    private SimulatorServer _east = null!;
    private SimulatorServer _west = null!;
    private PrometheusServer _prometheus = null!;
    private EgressAlertsProcess _service = null!;

    public async Task InitializeAsync()
    {
        _east = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)), seed: 7, cluster: "east");
        _west = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)), seed: 7, cluster: "west");
        _prometheus = await PrometheusServer.StartAsync("1s", ("east", _east.Address), ("west", _west.Address));
        _service = new EgressAlertsProcess($$"""
            prometheus: {url: '{{_prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s}
            dns: { servers: ['{{_east.Dns.Endpoint}}'], timeout: 500ms, queries_per_second: 1000 }
            destinations: {patience: 8s}
            detection: {learning: 1d}
            alerting: {alertmanagers: []}
            """);
        await _prometheus.UntilScrapedAsync();
    }

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _prometheus.DisposeAsync();
        await _west.DisposeAsync();
        await _east.DisposeAsync();
    }

    [Fact]
    public async Task The_sums_of_each_cluster_are_its_truth_at_every_window_and_what_one_does_is_told_of_it_alone()
    {
        await _service.StartAsync();
        var last = DateTimeOffset.MinValue;
        for (var window = 0; window < Windows; window++)
        {
            var books = await Deadline.UntilAsync(
                () => Ledger.OfAsync(
                    _service,
                    last,
                    new ScrapedMesh(_east.World, [_prometheus]) { Matchers = "job=\"east\"" },
                    new ScrapedMesh(_west.World, [_prometheus]) { Matchers = "job=\"west\"" }),
                90,
                $"a window after {last}; the service said:\n{_service.Output}");
            Assert.True(books.Differences.Count == 0, string.Join('\n', books.Differences));
            Assert.Equal(["east", "west"], books.Truth.Keys.Select(key => key.Cluster).Distinct().Order());
            last = books.WindowEnd;
        }

        // A refused connection in one of them is an alert about that one, and its page says where else there is a workload of this name.
        _west.World.Do(world => world.Pods.First(pod => pod is { Namespace: "ns-0", Workload: "workload-0" })
            .Tcp(new Target(Way.Blocked, "", "141.95.33.99", 4444)));
        string[] clusters = [];
        await Deadline.UntilAsync(
            async () => (clusters = await BlockedAsync("141.95.33.99")).Length > 0, 150, "the refused connection is told");
        Assert.Equal(["west"], clusters);
        var page = await _service.GetAsync("api/v1/workloads/ns-0/workload-0?cluster=west");
        Assert.Equal("west", page.GetProperty("source_cluster").GetString());
        Assert.Equal(["east", "west"], page.GetProperty("clusters").EnumerateArray().Select(cluster => cluster.GetString()));
        using var http = new HttpClient();
        var list = await http.GetStringAsync(new Uri(_service.Address, "workloads"));
        Assert.Contains("workloads/ns-0/workload-0?cluster=west", list, StringComparison.Ordinal);
        Assert.Contains("in <bdi>west</bdi>", list, StringComparison.Ordinal);
        Assert.Equal("east", (await _service.GetAsync("api/v1/workloads/ns-0/workload-0")).GetProperty("source_cluster").GetString());
    }

    /// <summary>What was learned while nothing told clusters is kept when something begins to.</summary>
    [Fact]
    public async Task When_the_clusters_become_known_later_nothing_is_learned_anew_and_no_counter_jumps()
    {
        var config = _service.Config;
        _service.Config += "\ntelemetry: {labels: {cluster: []}}\n";
        await _service.StartAsync();
        await Deadline.UntilAsync(async () => (await WorkloadsAsync()).Contains(""), 60, "workloads are known");
        var learned = (await _service.GetAsync("api/v1/workloads/ns-0/workload-0")).GetProperty("first_seen").GetDateTimeOffset();

        _service.Config = config;
        _service.WriteConfig();
        (await _service.PostAsync("-/reload")).EnsureSuccessStatusCode();
        await Deadline.UntilAsync(async () => (await WorkloadsAsync()).Contains("east"), 60, "clusters are told");
        Assert.Contains("the telemetry tells clusters", _service.Output, StringComparison.Ordinal);
        var east = await _service.GetAsync("api/v1/workloads/ns-0/workload-0?cluster=east");
        Assert.Equal(learned, east.GetProperty("first_seen").GetDateTimeOffset());
    }

    /// <summary>The clusters of the alerts about refused connections to an address.</summary>
    private async Task<string[]> BlockedAsync(string address) =>
    [
        .. (await _service.GetAsync($"api/v1/alerts?alertname=EgressBlocked&destination={address}")).EnumerateArray()
            .Select(alert => alert.GetProperty("labels").GetProperty("source_cluster").GetString()!),
    ];

    private async Task<IReadOnlyList<string>> WorkloadsAsync() =>
    [
        .. (await _service.GetAsync("api/v1/workloads")).GetProperty("workloads").GetProperty("rows").EnumerateArray()
            .Select(row => row.GetProperty("source_cluster").GetString()!),
    ];
}
