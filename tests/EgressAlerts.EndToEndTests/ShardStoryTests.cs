using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>Eight instances that watch a part of the namespaces each, beside one that watches all. New namespaces come all the time.</summary>
public sealed class ShardStoryTests : IAsyncLifetime
{
    private const int Shards = 8;
    private const int Windows = 20;

    private readonly List<EgressAlertsProcess> _services = [];
    private SimulatorServer _mesh = null!;
    private PrometheusServer _prometheus = null!;

    public async Task InitializeAsync()
    {
        _mesh = await SimulatorServer.StartAsync(LargeMeshTests.Large(), seed: 42);
        _prometheus = await PrometheusServer.StartAsync("2s", ("envoy-stats", _mesh.Address));
        await _prometheus.UntilScrapedAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (var service in _services) await service.DisposeAsync();
        await _prometheus.DisposeAsync();
        await _mesh.DisposeAsync();
    }

    [Fact]
    public async Task The_sums_of_eight_shards_equal_those_of_one_instance_and_the_truth()
    {
        for (var number = 1; number <= Shards; number++) _services.Add(Service($"{number}/{Shards}"));
        _services.Add(Service("1/1"));
        await Task.WhenAll(_services.Select(service => service.StartAsync()));

        var first = await BooksUntilAsync(DateTimeOffset.MinValue);
        var last = first;
        for (var window = 0; window < Windows; window++)
        {
            last = await BooksUntilAsync(last[0].WindowEnd);
            var (parts, whole) = (last[..Shards], last[^1]);
            Assert.True(whole.Differences.Count == 0, string.Join('\n', whole.Differences));

            // Their baselines may differ, so what they have counted since the same window is compared.
            foreach (var key in whole.Truth.Keys)
                Assert.Equal((key, Growth(^1, key)), (key, Enumerable.Range(0, Shards).Sum(shard => Growth(shard, key))));

            var owners = parts.SelectMany((part, i) => part.Exported.Keys.Concat(part.Waiting.Keys).Select(key => (key.Namespace, i))).Distinct().ToList();
            Assert.Equal(owners.Count, owners.Select(owner => owner.Namespace).Distinct().Count());
            Assert.True(owners.Select(owner => owner.i).Distinct().Count() > Shards / 2);
        }

        Assert.Contains(last[^1].Truth.Keys, key => key.Workload == "newcomer" && Growth(^1, key) > 0);

        double Growth(Index instance, TruthKey key) => last[instance].Counted(key) - first[instance].Counted(key);
    }

    private async Task<Ledger[]> BooksUntilAsync(DateTimeOffset after) => await Deadline.UntilAsync(
        async () => await BooksAsync() is { } books && books[0].WindowEnd > after ? books : null, 120, $"a window of all instances after {after}");

    /// <summary>The books of all instances at the end of the same window. Null where they are not at the same one.</summary>
    private async Task<Ledger[]?> BooksAsync()
    {
        var books = await Task.WhenAll(_services.Select(service => Ledger.OfAsync(service, _prometheus, _mesh.World)));
        var all = books.OfType<Ledger>().ToArray();
        return all.Length == books.Length && all.Select(book => book.WindowEnd).Distinct().Count() == 1 ? all : null;
    }

    private EgressAlertsProcess Service(string shard) => new($$"""
        prometheus: {url: '{{_prometheus.Address}}', interval: 6s, delay: 2s, timeout: 5s}
        dns: { servers: ['{{_mesh.Dns.Endpoint}}'], timeout: 500ms, queries_per_second: 1000 }
        destinations: {patience: 8s}
        alerting: {alertmanagers: []}
        """) { Arguments = [$"--shard={shard}"] };
}
