using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Storage;
using EgressAlerts.Tests.Storage;

namespace EgressAlerts.Tests.Naming;

public sealed class WaitingRoomTests : IDisposable
{
    private readonly Store _store = Store.InMemory();

    public void Dispose() => _store.Dispose();

    [Fact]
    public void A_restart_after_any_window_equals_none_for_all_that_an_increment_may_hold()
    {
        IReadOnlyList<Increment> all =
        [
            Samples.Increment(Samples.Flow()),
            Samples.Increment(Samples.Flow("52.0.0.1", port: "")),
            Samples.Increment(Samples.Flow("2001:db8::1", host: "a.example.com", service: "b.example.com", sni: "c.example.com")),
            Samples.Increment(Samples.Flow("52.0.0.1", source: new("", "x")), metric: Metric.Requests, code: "200", flags: "UF,URX"),
            new(new(Samples.Flow("52.0.0.1"), Metric.Requests, "200", "-", PolicyTags.Of(("version", "v2"), (PolicyTags.Path, "/'a"))), 1),
            new(new(Samples.Flow("52.0.0.1"), Metric.Requests, "200", "-", PolicyTags.Of(("version", ""), ("a", "b=c\nd"))), 1),
            .. Enum.GetValues<Metric>().Select(metric => Samples.Increment(Samples.Flow("52.0.0.2"), metric: metric)),
            .. Enum.GetValues<Route>().Select(route => Samples.Increment(Samples.Flow("52.0.0.3", route: route))),
            .. Enum.GetValues<Protocol>().Select(protocol => Samples.Increment(Samples.Flow("52.0.0.4") with { Protocol = protocol })),
        ];
        var (random, state) = (new Random(7), _store.Read());
        var (plain, restarted, released) = (new WaitingRoom(Store.InMemory().Read()), new WaitingRoom(state), 0);
        for (var window = 0; window < 60; window++)
        {
            var since = Samples.Start.AddTicks(window * 7);
            foreach (var increment in all.Where(_ => random.Next(3) == 0).Select(increment => increment with { Amount = random.NextDouble() }))
                Assert.True(plain.TryAdd(increment, since) && restarted.TryAdd(increment, since));
            bool IsReady(Flow flow, DateTimeOffset from) => since - from >= TimeSpan.FromTicks(35) || flow.Route == (Route)(window % 7);
            var gone = plain.Release(IsReady).OrderBy(released => $"{released}", StringComparer.Ordinal).ToList();
            Assert.Equal(gone, restarted.Release(IsReady).OrderBy(released => $"{released}", StringComparer.Ordinal));
            released += gone.Count;
            state.Commit();
            restarted = new WaitingRoom(state = _store.Read());
            Assert.Equal(Sorted(plain.Increments), Sorted(restarted.Increments));
        }

        Assert.True(released > 100);

        static List<Increment> Sorted(IEnumerable<Increment> increments) => [.. increments.OrderBy(increment => increment.ToString(), StringComparer.Ordinal)];
    }

    [Fact]
    public void What_is_released_says_when_its_waiting_began()
    {
        var room = new WaitingRoom(_store.Read());
        room.TryAdd(Samples.Increment(Samples.Flow("52.0.0.1"), 2), Samples.Start);
        room.TryAdd(Samples.Increment(Samples.Flow("52.0.0.1"), 3), Samples.Start.AddSeconds(30));

        Assert.Equal((Samples.Increment(Samples.Flow("52.0.0.1"), 5), Samples.Start), Assert.Single(room.Release((_, _) => true)));
    }

    [Fact]
    public void What_only_waits_is_not_written_again()
    {
        var state = _store.Read();
        var room = new WaitingRoom(state);
        room.TryAdd(Samples.Increment(Samples.Flow("52.0.0.1")), Samples.Start);
        Assert.Equal(1, TouchedRows.Take(state));
        Assert.Empty(room.Release((_, _) => false));
        Assert.Equal(0, TouchedRows.Take(state));
    }
}
