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
    private volatile bool _quiet = true;

    public async Task InitializeAsync()
    {
        var large = LargeMeshTests.Large();
        _mesh = await SimulatorServer.StartAsync(large with { Step = world => Step(world, large) }, seed: 42);
        _prometheus = await PrometheusServer.StartAsync("2s", ("envoy-stats", _mesh.Address));
        await _prometheus.UntilScrapedAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (var service in _services) await service.DisposeAsync();
        await _prometheus.DisposeAsync();
        await _mesh.DisposeAsync();
    }

    /// <summary>The mesh is quiet while the baselines are taken, and again when the sums are compared. So it does not matter that the instances read windows at
    /// different times.</summary>
    [Fact]
    public async Task The_sums_of_eight_shards_equal_those_of_one_instance_and_the_truth()
    {
        for (var number = 1; number <= Shards; number++) _services.Add(Service($"{number}/{Shards}"));
        _services.Add(Service("1/1"));
        await Task.WhenAll(_services.Select(service => service.StartAsync()));
        foreach (var service in _services) await BooksAsync(service, DateTimeOffset.MinValue);

        _quiet = false;
        await Task.WhenAll(_services.Select(BalanceAsync));
        _quiet = true;

        var stopped = TimeProvider.System.GetUtcNow().AddSeconds(2);
        var books = await Task.WhenAll(_services.Select(service => BooksAsync(service, stopped)));
        var (parts, whole) = (books[..Shards], books[^1]);
        Assert.Equal([], whole.Differences);
        foreach (var key in whole.Truth.Keys) Assert.Equal((key, whole.Counted(key)), (key, parts.Sum(part => part.Counted(key))));
        Assert.Contains(whole.Truth.Keys, key => key.Workload == "newcomer");
        Assert.All(parts.SelectMany(Namespaces).CountBy(name => name), owners => Assert.Equal((owners.Key, 1), (owners.Key, owners.Value)));
        Assert.True(parts.Count(part => Namespaces(part).Any()) > Shards / 2);
    }

    /// <summary>One round of requests before the mesh becomes quiet, so that there are series.</summary>
    private void Step(World world, Scenario large)
    {
        if (world.Tick == 0 || !_quiet) large.Step(world);
    }

    /// <summary>In twenty windows, what an instance has counted is what has happened, in the namespaces that it watches.</summary>
    private async Task BalanceAsync(EgressAlertsProcess service)
    {
        var last = DateTimeOffset.MinValue;
        for (var window = 0; window < Windows; window++)
        {
            var books = await BooksAsync(service, last);
            var mine = Namespaces(books).ToHashSet();
            var truth = books.Truth.Where(sum => mine.Contains(sum.Key.Namespace)).ToDictionary();
            Assert.Equal([], (books with { Truth = truth }).Differences);
            last = books.WindowEnd;
        }
    }

    private static IEnumerable<string> Namespaces(Ledger books) => books.Exported.Keys.Concat(books.Waiting.Keys).Select(key => key.Namespace).Distinct();

    private Task<Ledger> BooksAsync(EgressAlertsProcess service, DateTimeOffset after) => Deadline.UntilAsync(
        () => Ledger.OfAsync(service, _prometheus, _mesh.World, after: after),
        120,
        $"a window of {string.Join(' ', service.Arguments)} after {after}; the service said:\n{service.Output}",
        between: 0.2);

    private EgressAlertsProcess Service(string shard) => new($$"""
        prometheus: {url: '{{_prometheus.Address}}', interval: 6s, delay: 2s, timeout: 5s}
        dns: { servers: ['{{_mesh.Dns.Endpoint}}'], timeout: 500ms, queries_per_second: 1000 }
        destinations: {patience: 8s}
        alerting: {alertmanagers: []}
        """) { Arguments = [$"--shard={shard}"] };
}
