using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Testing;

public sealed class LedgerTests
{
    private static readonly TruthKey Requests = new("shop", "cart", "passthrough", "requests", "Kubernetes");

    private readonly HandTime _time = new();
    private readonly World _world;

    /// <summary>A pod makes one request a second. Scrape n is at n seconds and therefore shows n requests.</summary>
    public LedgerTests()
    {
        var target = new Target(Way.Passthrough, "api.example.com", "", 80);
        _world = new World(new Scenario("one", TimeSpan.FromSeconds(1), world => Cart(world).Http(target), new DnsZone()), seed: 1, _time);
        Scrape(4);
    }

    [Fact]
    public void What_two_servers_saw_counts_once()
    {
        (double, int)[] stored = [(1.0, 1), (3.0, 3), (2.0, 2), (4.0, 4)];
        Assert.Equal(3, Ledger.TruthBetween(_world, stored, 1, 4)[Requests]);
        Assert.Equal(2, Ledger.TruthBetween(_world, [(1.0, 1), (3.0, 3)], 1, 4)[Requests]);
    }

    [Fact]
    public void A_later_state_under_an_earlier_timestamp_counts_by_its_timestamp_and_the_earlier_state_after_it_adds_nothing()
    {
        // The other server began scrape 2 at 3.01 s, after the one that began scrape 3 at 3.00 s, and was answered first.
        (double, int)[] stored = [(1.0, 1), (3.0, 3), (3.01, 2), (4.0, 4)];
        Assert.Equal(2, Ledger.TruthBetween(_world, stored, 1, 3)[Requests]);
        Assert.Equal(0, Ledger.TruthBetween(_world, stored, 3, 3.5)[Requests]);
        Assert.Equal(1, Ledger.TruthBetween(_world, stored, 3, 4)[Requests]);
    }

    [Fact]
    public void A_restart_that_only_one_server_saw_counts()
    {
        _world.Do(world => Cart(world).Restart());
        Scrape(8);
        // Scrapes 5 to 12 show 1 to 8 requests: from scrape 4 to 8 alone the counter would have stood still.
        Assert.Equal(0, Ledger.TruthBetween(_world, [(4.0, 4), (8.0, 8)], 4, 8)[Requests]);
        Assert.Equal(4, Ledger.TruthBetween(_world, [(4.0, 4), (5.5, 5), (8.0, 8)], 4, 8)[Requests]);
    }

    private static Pod Cart(World world) => world.Pods.Count > 0 ? world.Pods[0] : world.Start("shop", "cart");

    private void Scrape(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _world.Scrape();
        }
    }
}
