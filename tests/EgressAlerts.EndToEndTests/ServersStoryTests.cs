using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>Two servers that know a part of the traffic each.</summary>
public sealed class ServersStoryTests : IAsyncLifetime
{
    private const int Windows = 20;

    private SimulatorServer _one = null!;
    private SimulatorServer _other = null!;
    private PrometheusServer _first = null!;
    private PrometheusServer _second = null!;
    private EgressAlertsProcess _service = null!;
    private ScrapedMesh[] _meshes = [];
    private DateTimeOffset _last = DateTimeOffset.MinValue;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _second.DisposeAsync();
        await _first.DisposeAsync();
        await _other.DisposeAsync();
        await _one.DisposeAsync();
    }

    /// <summary>Two shards of Prometheus have half of the pods each, of the same workloads.</summary>
    [Fact]
    public async Task The_sums_over_two_shards_are_the_truth_and_a_window_waits_for_the_one_that_is_away()
    {
        await StartAsync(otherFirstPod: 1000, "{url: '$1'}, {url: '$2'}");
        _meshes = [new(_one.World, [_first]), new(_other.World, [_second])];
        await BalanceAsync(Windows);

        await _second.StopAsync();
        await Deadline.UntilAsync(async () => (await FailureAsync()).Contains(_second.Address.Authority, StringComparison.Ordinal), 60, "the server is missed");
        var waiting = (await Ledger.OfAsync(_service, default, _meshes[0]))!.WindowEnd;
        await _second.StartAsync();
        await Deadline.UntilAsync(async () => await Ledger.OfAsync(_service, waiting, _meshes) is not null, 90, "windows are read again");
        await BalanceAsync(4);
        Assert.Equal("", await FailureAsync());
    }

    /// <summary>Each cluster has a Prometheus. The clusters are the same to the last pod, and Istio calls both Kubernetes.</summary>
    [Fact]
    public async Task The_sums_of_each_cluster_are_its_truth_if_only_its_server_is_named()
    {
        await StartAsync(otherFirstPod: 0, "{url: '$1', cluster: east}, {url: '$2', cluster: west}");
        _meshes = [new(_one.World, [_first]) { Cluster = "east" }, new(_other.World, [_second]) { Cluster = "west" }];
        await BalanceAsync(Windows);
        await _service.KillAsync();
        await _service.StartAsync();
        await BalanceAsync(4);
        var status = await _service.GetAsync("api/v1/status");
        Assert.DoesNotContain(
            status.GetProperty("telemetry").GetProperty("warnings").EnumerateArray(), warning => warning.GetProperty("kind").GetString() == "double_counting");
        Assert.Equal(
            ((string[])[$"{_first.Address}", $"{_second.Address}"]).Order(),
            status.GetProperty("queries").EnumerateArray().Select(query => query.GetProperty("server").GetString()).Distinct().Order());
    }

    private async Task StartAsync(int otherFirstPod, string servers)
    {
        _one = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)), seed: 3);
        _other = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)), seed: 3, firstPod: otherFirstPod);
        _first = await PrometheusServer.StartAsync("1s", ("envoy", _one.Address));
        _second = await PrometheusServer.StartAsync("1s", ("envoy", _other.Address));
        servers = servers.Replace("$1", $"{_first.Address}", StringComparison.Ordinal).Replace("$2", $"{_second.Address}", StringComparison.Ordinal);
        _service = new EgressAlertsProcess($$"""
            prometheus: {servers: [{{servers}}], interval: 2s, delay: 1s, timeout: 5s}
            dns: { servers: ['{{_one.Dns.Endpoint}}'], timeout: 500ms, queries_per_second: 1000 }
            destinations: {patience: 8s}
            alerting: {alertmanagers: []}
            """);
        await _first.UntilScrapedAsync();
        await _second.UntilScrapedAsync();
        await _service.StartAsync();
    }

    private async Task BalanceAsync(int windows)
    {
        for (var window = 0; window < windows; window++)
        {
            var books = await Deadline.UntilAsync(
                () => Ledger.OfAsync(_service, _last, _meshes),
                90,
                $"a window after {_last}; the service said:\n{_service.Output}");
            Assert.True(books.Differences.Count == 0, string.Join('\n', books.Differences));
            _last = books.WindowEnd;
        }
    }

    private async Task<string> FailureAsync() => (await _service.GetAsync("api/v1/status")).GetProperty("failure").GetString()!;
}
