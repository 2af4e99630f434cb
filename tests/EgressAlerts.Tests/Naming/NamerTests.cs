using System.Net;
using EgressAlerts.Common;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Naming;

public sealed class NamerTests : IAsyncLifetime
{
    private readonly MetricRegistry _self = new();
    private readonly HandTime _time = new(timers: true);
    private readonly DnsResponder _dns = new(new DnsZone()
        .Named("52.22.188.80", "ec2-52-22-188-80.compute-1.amazonaws.com")
        .Spoofed("52.1.1.1", "www.bank.example.com")
        .Reverse("52.1.1.2", DnsBehaviour.Silent)
        .Forward("52.1.1.3", "x.example.com", "y.example.com")
        .Forward("52.22.188.80", "here.example.com")
        .Named("10.1.2.3", "db.corp.example.com"));

    private readonly Store _store = Store.InMemory();
    private Lookups _lookups = null!;

    public Task InitializeAsync()
    {
        var options = new DnsOptions { Servers = [_dns.Endpoint], Timeout = TimeSpan.FromSeconds(30), QueriesPerSecond = 1000 };
        _lookups = new Lookups(options, _store.Read(), new DnsMetrics(_self), TimeProvider.System);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _lookups.DisposeAsync();
        await _dns.DisposeAsync();
        _store.Dispose();
    }

    [Fact]
    public async Task Windows_of_the_past_wait_for_no_name_and_find_those_that_were_looked_up_before()
    {
        var namer = new Namer(new NamingOptions { IsPast = true }, _lookups, _store.Read(), _time, NullLogger<Namer>.Instance);
        var (named, silent) = (Samples.Flow("52.22.188.80"), Samples.Flow("52.1.1.2"));

        // A name server that is silent about one address holds up no window, although time stands still.
        var reading = Samples.Reading(1, Samples.Increment(silent));
        Assert.Equal(NameSource.Ip, (await namer.NameAsync(reading, default)).Seen()[0].Destination.Source);

        await namer.ResolveAsync([named.To, named.To], default);
        reading = Samples.Reading(1, Samples.Increment(named));
        Assert.Equal("*.compute-1.amazonaws.com", (await namer.NameAsync(reading, default)).Final().Single().Destination.Name);
    }

    public static TheoryData<string, Flow> Ladder() => new()
    {
        { "registry api.stripe.com True", Samples.Flow("52.22.188.80", service: "api.stripe.com", sni: "x.example.com", route: Route.Registered) },
        // The client chooses the host below a wildcard. Istio allots the address that it dials.
        { "registry *.example.com True", Samples.Flow("52.22.188.80", service: "*.example.com", route: Route.Registered) },
        { "registry *.example.com True", Samples.Flow("52.22.188.80", service: "*.example.com", sni: "www.bank.org", route: Route.Registered) },
        { "sni here.example.com True", Samples.Flow("52.22.188.80", service: "*.example.com", sni: "here.example.com", route: Route.Registered) },
        { "host y.example.com False", Samples.Flow("52.22.188.80", service: "*.example.com", host: "y.example.com", route: Route.Registered) },
        { "sni x.example.com False", Samples.Flow("240.240.1.1", service: "*.example.com", sni: "x.example.com", route: Route.Registered) },
        { "host y.example.com False", Samples.Flow(service: "*.example.com", host: "y.example.com", route: Route.Registered) },
        { "network partner True", Samples.Flow("52.60.1.1", sni: "x.example.com") },
        { "network partner-db True", Samples.Flow("52.60.7.1") },
        { "special cloud-metadata True", Samples.Flow("169.254.169.254", host: "metadata.example.com") },
        { "special private True", Samples.Flow("10.1.2.3") },
        { "special istio-auto-allocated True", Samples.Flow("240.240.1.1") },
        { "sni x.example.com False", Samples.Flow("52.22.188.80", host: "y.example.com", sni: "x.example.com") },
        { "host y.example.com False", Samples.Flow("52.22.188.80", host: "y.example.com") },
        { "sni here.example.com True", Samples.Flow("52.22.188.80", host: "y.example.com", sni: "here.example.com") },
        { "host here.example.com True", Samples.Flow("52.22.188.80", host: "here.example.com") },
        { "sni x.example.com False", Samples.Flow(host: "y.example.com", sni: "x.example.com") },
        { "ptr *.compute-1.amazonaws.com True", Samples.Flow("52.22.188.80") },
        { "ptr_unconfirmed www.bank.example.com False", Samples.Flow("52.1.1.1") },
        { "ip 52.1.1.3 False", Samples.Flow("52.1.1.3") },
        { "unknown unknown False", Samples.Flow() },
    };

    [Theory]
    [MemberData(nameof(Ladder))]
    public async Task The_most_trustworthy_name_wins_and_says_where_it_came_from(string expected, Flow flow)
    {
        var options = new NamingOptions
        {
            Networks =
            [
                new() { Name = "partner", Cidrs = [IPNetwork.Parse("52.60.0.0/16")], Owner = "alliances", Region = "eu" },
                new() { Name = "partner-db", Cidrs = [IPNetwork.Parse("52.60.7.0/24")], Owner = "alliances", Region = "eu" },
            ],
        };
        var namer = new Namer(options, _lookups, _store.Read(), _time, NullLogger<Namer>.Instance);
        var named = await namer.NameAsync(Samples.Reading(1, Samples.Increment(flow)), CancellationToken.None);
        var destination = Assert.Single(named.Final()).Destination;
        Assert.Equal(expected, $"{destination.Source.LabelValue()} {destination.Name} {destination.Confirmed}");

        // The explanation climbs the same ladder: it ends at the rung that named the destination.
        var explained = await namer.ExplainAsync(flow.To, TimeSpan.Zero, CancellationToken.None);
        Assert.Equal(destination, explained.Destination);
        Assert.Equal(destination.Source.LabelValue(), Assert.Single(explained.Rungs, rung => rung.IsTaken).Source);
        Assert.True(explained.Rungs[^1].IsTaken);
    }

    [Fact]
    public async Task An_explanation_says_of_each_rung_why_and_what_DNS_said()
    {
        var namer = new Namer(new NamingOptions(), _lookups, _store.Read(), _time, NullLogger<Namer>.Instance);
        var explained = await namer.ExplainAsync(
            Samples.Flow("52.1.1.1", sni: "here.example.com").To, TimeSpan.FromSeconds(2), CancellationToken.None);
        Assert.Equal(
            [
                "registry False the mesh names no ServiceEntry",
                "network False 52.1.1.1 is in none of your networks",
                "special False 52.1.1.1 is in no special range whose name is used",
            ],
            explained.Rungs.Take(3).Select(rung => $"{rung.Source} {rung.IsTaken} {rung.Reason}"));
        Assert.Equal(
            [
                new("PTR 52.1.1.1", "www.bank.example.com, which does not resolve back"),
                new("A here.example.com", "52.22.188.80; not 52.1.1.1"),
            ],
            explained.Dns);
        Assert.StartsWith("the client claims here.example.com. ", explained.Rungs[3].Reason, StringComparison.Ordinal);

        var silent = await namer.ExplainAsync(Samples.Flow("52.1.1.2").To, TimeSpan.Zero, CancellationToken.None);
        Assert.Equal((false, "no answer yet"), (silent.IsFinal, Assert.Single(silent.Dns).Answer));
    }

    [Fact]
    public async Task Nothing_about_special_and_private_addresses_leaves_the_process()
    {
        var namer = new Namer(new NamingOptions(), _lookups, _store.Read(), _time, NullLogger<Namer>.Instance);
        string[] special = ["169.254.169.254", "10.1.2.3", "240.240.1.1", "127.0.0.1", "fe80::1", "192.0.2.1", "224.0.0.1"];
        await namer.NameAsync(
            Samples.Reading(1, [.. special.Select(address => Samples.Increment(Samples.Flow(address)))]),
            CancellationToken.None);
        Assert.Equal(0, _dns.Questions);

        var reversing = new Namer(new NamingOptions { ReversePrivate = true }, _lookups, _store.Read(), _time, NullLogger<Namer>.Instance);
        var named = await reversing.NameAsync(Samples.Reading(1, Samples.Increment(Samples.Flow("10.1.2.3"))), CancellationToken.None);
        Assert.Equal("db.corp.example.com", named.Final()[0].Destination.Name);
    }

    [Fact]
    public async Task Increments_wait_for_a_name_are_seen_at_once_and_are_counted_under_the_address_when_patience_ends()
    {
        var state = _store.Read();
        Namer New() => new(new NamingOptions { Patience = TimeSpan.FromSeconds(60) }, _lookups, state, _time, NullLogger<Namer>.Instance);
        var namer = New();
        var silent = Samples.Increment(Samples.Flow("52.1.1.2"), amount: 3);

        var first = await NamedInAMomentAsync(namer, Samples.Reading(1, silent));
        Assert.Equal((1, 0, 3.0), (first.Seen().Count, first.Final().Count, namer.Waiting.Single().Amount));

        state.Commit();
        state = _store.Read();
        namer = New();
        var second = await NamedInAMomentAsync(namer, Samples.Reading(2, silent));
        Assert.Equal((0, 6.0), (second.Final().Count, namer.Waiting.Single().Amount));

        var third = await NamedInAMomentAsync(namer, Samples.Reading(3));
        var settled = Assert.Single(third.Final());
        Assert.Equal((6.0, "52.1.1.2", NameSource.Ip), (settled.Increment.Amount, settled.Destination.Name, settled.Destination.Source));
        Assert.Equal(Samples.Reading(1).Window.End, settled.SeenAt);
        Assert.Empty(namer.Waiting);
    }

    [Fact]
    public async Task A_pass_waits_a_second_for_DNS_and_not_longer_and_a_stop_ends_the_wait_at_once()
    {
        var namer = new Namer(new NamingOptions(), _lookups, _store.Read(), _time, NullLogger<Namer>.Instance);
        var silent = Samples.Reading(1, Samples.Increment(Samples.Flow("52.1.1.2")));
        var naming = namer.NameAsync(silent, CancellationToken.None);
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(naming.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("52.1.1.2", Assert.Single((await naming).Seen()).Destination.Name);

        using var stop = new CancellationTokenSource();
        naming = namer.NameAsync(silent, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => naming);
    }

    /// <summary>What the namer says where DNS does not answer within the time that a pass waits for it.</summary>
    private async Task<NamedReading> NamedInAMomentAsync(Namer namer, Reading reading)
    {
        var naming = namer.NameAsync(reading, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(1));
        return await naming;
    }
}
