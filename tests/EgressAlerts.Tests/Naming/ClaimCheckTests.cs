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

public sealed class ClaimCheckTests : IAsyncLifetime
{
    private readonly MetricRegistry _self = new();
    private readonly HandTime _time = new();
    private readonly TemporaryFolder _folder = new();
    private readonly DnsZone _zone = new DnsZone()
        .Named("52.2.0.1", "www.bank.com")
        .Forward("52.2.0.2", "api.bank.com")
        .Named("52.2.0.3", "web3.bank.com")
        .Named("52.2.0.9", "vps-9.hoster.net")
        .Named("52.2.0.10", "vps-10.hoster.net")
        .Forward("52.2.0.10", "tenant.com")
        .Named("52.2.1.1", "a.compute-1.amazonaws.com")
        .Named("52.2.1.2", "s3.amazonaws.com")
        .Named("10.1.1.1", "inside.bank.com")
        .Spoofed("52.2.0.11", "www.bank.com");

    /// <summary>The autonomous systems that are known, by address.</summary>
    private Dictionary<string, string> _systems = [];

    private readonly Store _store = Store.InMemory();
    private StoredState _state = null!;
    private DnsResponder _dns = null!;
    private Lookups _lookups = null!;
    private ClaimCheck _claims = null!;

    public Task InitializeAsync()
    {
        _dns = new DnsResponder(_zone);
        _state = _store.Read();
        var options = new DnsOptions { Servers = [_dns.Endpoint], Timeout = TimeSpan.FromMilliseconds(300), QueriesPerSecond = 10_000 };
        _lookups = new Lookups(options, _state, new DnsMetrics(_self), _time);
        var suffixes = PublicSuffixes.Read(_folder.Write("list.dat", PublicSuffixesTests.List));
        _claims = new ClaimCheck(_lookups, address => new NetworkName(_systems.GetValueOrDefault(address.ToString(), ""), "", ""), () => suffixes);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _lookups.DisposeAsync();
        await _dns.DisposeAsync();
        _folder.Dispose();
        _store.Dispose();
    }

    [Theory]
    [InlineData("www.bank.com", "52.2.0.1", "Confirmed")] // It leads there.
    [InlineData("api.bank.com", "52.2.0.3", "Confirmed")] // It leads elsewhere, but the same owner's name leads there and back.
    [InlineData("www.bank.com", "52.2.0.11", "Unknown")] // What reverse DNS alone says speaks neither for nor against it.
    [InlineData("api.bank.com", "52.2.0.9", "Unknown")] // Nothing is known of where it leads.
    [InlineData("www.bank.com", "52.2.0.77", "Unknown")] // Nothing is known of where it went.
    [InlineData("tenant.com", "52.2.0.9", "Unknown")] // Both at the same provider.
    [InlineData("s3.amazonaws.com", "52.2.1.1", "Unknown")] // A machine for rent at the provider that the name belongs to.
    [InlineData("inside.bank.com", "52.2.0.9", "Unknown")] // The application sees another view of the zone.
    [InlineData("payments.dev", "52.2.0.9", "Unknown")] // May be short for a service of the cluster.
    [InlineData("db.payments.internal", "52.2.0.9", "Unknown")] // No public name.
    [InlineData("payments", "52.2.0.9", "Unknown")]
    [InlineData("*.bank.com", "52.2.0.9", "Unknown")]
    [InlineData("52.2.0.9", "52.2.0.9", "Nothing")]
    [InlineData("52.2.0.1", "52.2.0.9", "Refuted: is another address")]
    [InlineData("_invalid_", "52.2.0.9", "Nothing")]
    public async Task What_the_first_answers_decide_stays_decided(string claim, string address, string expected)
    {
        Assert.Equal(expected, await JudgeAsync(claim, address));
        _time.Advance(TimeSpan.FromSeconds(70));
        Assert.Equal(expected, await JudgeAsync(claim, address));
    }

    [Theory]
    [InlineData("www.bank.com", "52.2.0.9", "Refuted: resolves to 52.2.0.1 (www.bank.com) (asked twice)")]
    [InlineData("gone.bank.com", "52.2.0.9", "Refuted: has no such address in DNS (asked twice)")]
    public async Task A_claim_is_open_until_a_second_answer_a_minute_later_refutes_it(string claim, string address, string expected)
    {
        Assert.Equal("Open", await JudgeAsync(claim, address));

        // An answer is asked for again after nine tenths of its minute, a tenth of that earlier or later: 48.6 s at the earliest, 59.4 s at the latest.
        _time.Advance(TimeSpan.FromSeconds(45));
        Assert.Equal("Open", await JudgeAsync(claim, address));
        _time.Advance(TimeSpan.FromSeconds(25));
        Assert.Equal(expected, await JudgeAsync(claim, address));
    }

    [Fact]
    public async Task Where_autonomous_systems_are_known_another_one_refutes_a_claim_and_the_same_one_does_not()
    {
        _systems = new() { ["52.2.0.1"] = "AS1", ["52.3.0.1"] = "AS1", ["198.51.7.1"] = "AS2" };
        Assert.Equal("Open", await JudgeAsync("www.bank.com", "198.51.7.1"));
        Assert.Equal("Unknown", await JudgeAsync("www.bank.com", "52.3.0.1"));
        _time.Advance(TimeSpan.FromSeconds(70));
        Assert.Equal("Refuted: resolves to 52.2.0.1 (www.bank.com, AS1) (asked twice)", await JudgeAsync("www.bank.com", "198.51.7.1"));
        Assert.Equal("Unknown", await JudgeAsync("www.bank.com", "52.3.0.1"));
    }

    [Fact]
    public async Task A_name_that_answers_differently_each_time_is_not_false_and_what_it_led_to_once_it_vouches_for_a_day()
    {
        Assert.Equal("Open", await JudgeAsync("www.bank.com", "52.2.0.9"));
        _zone.Forward("52.2.0.9", "www.bank.com");
        _time.Advance(TimeSpan.FromSeconds(70));
        Assert.Equal("Confirmed", await JudgeAsync("www.bank.com", "52.2.0.9"));

        _zone.NoForward("www.bank.com").Forward("52.2.0.1", "www.bank.com");
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal("Confirmed", await JudgeAsync("www.bank.com", "52.2.0.9"));
        _time.Advance(TimeSpan.FromHours(23));
        Assert.StartsWith("Refuted", await JudgeAsync("www.bank.com", "52.2.0.9"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_DNS_does_not_answer_no_claim_is_false_and_an_answer_from_before_stays()
    {
        Assert.Equal("Confirmed", await JudgeAsync("www.bank.com", "52.2.0.1"));
        await _dns.DisposeAsync();
        _dns = new DnsResponder(_zone); // Elsewhere.
        _time.Advance(TimeSpan.FromHours(3));
        Assert.Equal("Confirmed", await JudgeAsync("www.bank.com", "52.2.0.1"));
        Assert.Equal("Open", await JudgeAsync("gone.bank.com", "52.2.0.9"));
    }

    [Fact]
    public async Task A_false_claim_waits_for_its_second_look_and_then_the_address_names_the_destination()
    {
        var options = new NamingOptions { PublicSuffixList = _folder.File("list.dat") };
        var namer = new Namer(options, _lookups, _store.Read(), _time, NullLogger<Namer>.Instance);
        var flow = Samples.Flow("52.2.0.9", sni: "www.bank.com");
        var first = await namer.NameAsync(Samples.Reading(1, Samples.Increment(flow, 3)), CancellationToken.None);
        Assert.Equal(("www.bank.com", false, null), (first.Seen()[0].Destination.Name, first.Seen()[0].Destination.Confirmed, first.Seen()[0].Refuted));
        Assert.Empty(first.Final());

        _time.Advance(TimeSpan.FromSeconds(70));
        var second = await namer.NameAsync(Samples.Reading(3), CancellationToken.None);
        var settled = Assert.Single(second.Final());
        Assert.Equal(
            ("vps-9.hoster.net", NameSource.Ptr, "hoster.net", 3),
            (settled.Destination.Name, settled.Destination.Source, settled.Destination.Domain, settled.Increment.Amount));
        Assert.Equal(new RefutedClaim("www.bank.com", NameSource.Sni, "resolves to 52.2.0.1 (www.bank.com) (asked twice)"), settled.Refuted);
    }

    [Fact]
    public async Task No_claim_of_a_window_that_is_long_past_is_false_because_of_what_DNS_says_now()
    {
        var options = new NamingOptions { PublicSuffixList = _folder.File("list.dat"), IsPast = true };
        var namer = new Namer(options, _lookups, _store.Read(), _time, NullLogger<Namer>.Instance);
        IReadOnlyList<Flow> flows =
            [Samples.Flow("52.2.0.9", sni: "www.bank.com"), Samples.Flow("52.2.0.1", sni: "www.bank.com"), Samples.Flow("52.2.0.9", sni: "52.2.0.1")];
        for (var look = 0; look < 2; look++)
        {
            await namer.ResolveAsync(flows.Select(flow => flow.To), CancellationToken.None);
            var named = await namer.NameAsync(Samples.Reading(1, [.. flows.Select(flow => Samples.Increment(flow))]), CancellationToken.None);
            Assert.Equal(
                [("www.bank.com", false, null), ("www.bank.com", true, null), ("vps-9.hoster.net", true, "is another address")],
                named.Final().Select(seen => (seen.Destination.Name, seen.Destination.Confirmed, seen.Refuted?.Evidence)));
            _time.Advance(TimeSpan.FromSeconds(70));
        }
    }

    [Fact]
    public async Task Who_wants_no_names_resolved_gets_claims_unchecked()
    {
        var namer = new Namer(new NamingOptions { CheckClaims = false }, _lookups, _store.Read(), _time, NullLogger<Namer>.Instance);
        var named = await namer.NameAsync(Samples.Reading(1, Samples.Increment(Samples.Flow("52.2.0.9", host: "www.bank.com"))), CancellationToken.None);
        var destination = named.Final()[0].Destination;
        Assert.Equal(("www.bank.com", NameSource.Host, false), (destination.Name, destination.Source, destination.Confirmed));
        Assert.Equal(0, _dns.Questions);
    }

    [Fact]
    public async Task What_DNS_said_of_a_claim_survives_a_restart()
    {
        await JudgeAsync("www.bank.com", "52.2.0.1");
        await JudgeAsync("gone.bank.com", "2001:db8::1");
        _state.Commit();
        await using var next = new Lookups(new DnsOptions { Servers = [_dns.Endpoint] }, _store.Read(), new DnsMetrics(_self), _time);
        var asked = _dns.Questions;
        var answer = next.Resolve("www.bank.com", System.Net.Sockets.AddressFamily.InterNetwork);
        Assert.Equal((AnswerState.Present, 1, true), (answer.State, answer.Looks, answer.Has(IPAddress.Parse("52.2.0.1"))));
        Assert.Equal(["52.2.0.1"], answer.Addresses.Select(address => address.ToString()));
        Assert.Equal(AnswerState.Absent, next.Resolve("gone.bank.com", System.Net.Sockets.AddressFamily.InterNetworkV6).State);
        Assert.Equal(asked, _dns.Questions);
    }

    /// <summary>The verdict, once DNS has answered what it is asked.</summary>
    private async Task<string> JudgeAsync(string claim, string address)
    {
        for (var round = 0; ; round++)
        {
            var open = new List<Question>();
            var verdict = _claims.Evaluate(claim, IPAddress.Parse(address), weight: 1, open);
            // Also where the answer is known: it may be asked for again.
            await _lookups.SettleAsync(
                [.. open, Question.AddressesOf(claim, System.Net.Sockets.AddressFamily.InterNetwork)],
                TimeSpan.FromSeconds(10),
                CancellationToken.None);
            if (round == 4) return verdict.Evidence.Length > 0 ? $"{verdict.Standing}: {verdict.Evidence}" : verdict.Standing.ToString();
        }
    }
}
