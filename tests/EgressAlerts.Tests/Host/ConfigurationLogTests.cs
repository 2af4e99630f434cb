using EgressAlerts.Storage;

namespace EgressAlerts.Tests.Host;

public sealed class ConfigurationLogTests : IDisposable
{
    private readonly Store _store = Store.InMemory();

    public void Dispose() => _store.Dispose();

    [Fact]
    public void Good_and_refused_loads_are_remembered_at_once_and_over_a_restart_the_latest_first()
    {
        var log = new ConfigurationLog(_store.Read());
        log.Note(Samples.Start, null);
        log.Note(Samples.Start.AddHours(1), "x.yml:4: detection.blocked.quite is not a known key\nx.yml:7: more");
        log.Note(Samples.Start.AddHours(1), null); // Within one tick of the clock.
        ConfigurationLoad[] expected =
        [
            new(Samples.Start.AddHours(1).AddTicks(1), ServiceVersion.Long, ""),
            new(Samples.Start.AddHours(1), ServiceVersion.Long, "x.yml:4: detection.blocked.quite is not a known key\nx.yml:7: more"),
            new(Samples.Start, ServiceVersion.Long, ""),
        ];
        Assert.Equal(expected, log.Loads);
        Assert.Equal(expected, new ConfigurationLog(_store.Read()).Loads);
    }

    [Fact]
    public void The_last_thousand_are_remembered_and_no_message_is_longer_than_4_000_characters()
    {
        var log = new ConfigurationLog(_store.Read());
        for (var i = 1; i <= 1_003; i++) log.Note(Samples.Start.AddSeconds(i), new string('x', 4_000 + (i % 2)));
        var loads = new ConfigurationLog(_store.Read()).Loads;
        Assert.Equal((1_000, Samples.Start.AddSeconds(1_003), Samples.Start.AddSeconds(4)), (loads.Count, loads[0].At, loads[^1].At));
        Assert.Equal([new string('x', 4_000) + "...", new string('x', 4_000)], loads.Take(2).Select(load => load.Error));
    }
}
