using System.Globalization;
using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Storage;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Naming.Dns;

/// <summary>Reverse names from a real name server.</summary>
public sealed class BindTests : IAsyncLifetime
{
    private static readonly string Many = string.Join(
        '\n',
        Enumerable.Range(1, 60).Select(i => string.Create(CultureInfo.InvariantCulture, $"7 PTR a-rather-long-host-name-{i:00}.many.example.com.")));

    private const string LongLabel = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string LongName = $"{LongLabel}.{LongLabel}.{LongLabel}.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com";

    private readonly MetricRegistry _self = new();
    private BindServer _bind = null!;
    private Lookups _tcp = null!;
    private Lookups _udp = null!;

    public async Task InitializeAsync()
    {
        _bind = await BindServer.StartAsync(
            ("2.0.52.in-addr.arpa", $"""
                1 PTR one.example.com.
                2 PTR stranger.example.org.
                3 PTR b.example.com.
                3 PTR a.example.com.
                3 PTR c.example.com.
                5 CNAME 5.0-63.2.0.52.in-addr.arpa.
                5.0-63 PTR five.example.com.
                6 PTR \"\>\<b\>.example.com.
                8 PTR case.EXAMPLE.com.
                9 CNAME 9.first.2.0.52.in-addr.arpa.
                9.first CNAME 9.second.2.0.52.in-addr.arpa.
                9.second PTR nine.example.com.
                10 PTR \"\>\<b\>.example.com.
                10 PTR ten.example.com.
                11 TXT "no PTR here"
                12 PTR .
                13 PTR 4.3.2.1.in-addr.arpa.
                14 PTR 52.0.2.14.
                15 PTR *.example.com.
                16 PTR host.123.
                17 PTR {LongName}.
                18 0 PTR fleeting.example.com.
                19 CNAME 19.elsewhere.example.com.
                20 PTR 52-0-2-20.example.com.
                {Many}
                """),
            ("8.b.d.0.1.0.0.2.ip6.arpa", """
                f.a.c.e.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR six-six.example.com.
                1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR six.example.com.
                """),
            ("example.org", "other A 52.0.2.2"),
            ("example.com", """
                one A 52.0.2.1
                a A 52.0.2.99
                b A 52.0.2.98
                b A 52.0.2.3
                five A 52.0.2.5
                six AAAA 2001:db8::1
                case A 52.0.2.8
                nine A 52.0.2.9
                ten A 52.0.2.10
                fleeting 0 A 52.0.2.18
                19.elsewhere PTR nineteen.example.com.
                nineteen A 52.0.2.19
                52-0-2-20 CNAME twenty
                twenty A 52.0.2.20
                twenty A 52.0.2.21
                a-rather-long-host-name-01.many A 52.0.2.7
                """));
        var options = new DnsOptions { Servers = [_bind.Endpoint], QueriesPerSecond = 1000 };
        _tcp = new Lookups(options, Store.InMemory().Read(), new DnsMetrics(_self), TimeProvider.System);
        _udp = new Lookups(options with { Transport = DnsTransport.Udp }, Store.InMemory().Read(), new DnsMetrics(_self), TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await _tcp.DisposeAsync();
        await _udp.DisposeAsync();
        await _bind.DisposeAsync();
    }

    [Theory]
    [InlineData("52.0.2.1", AnswerState.Present, "one.example.com", true)]
    [InlineData("52.0.2.2", AnswerState.Present, "stranger.example.org", false)]
    [InlineData("52.0.2.3", AnswerState.Present, "b.example.com", true)]
    [InlineData("52.0.2.4", AnswerState.Absent, "", false)]
    [InlineData("52.0.2.5", AnswerState.Present, "five.example.com", true)]
    [InlineData("52.0.2.6", AnswerState.Absent, "", false)]
    [InlineData("52.0.2.7", AnswerState.Present, "a-rather-long-host-name-01.many.example.com", true)]
    [InlineData("52.0.2.8", AnswerState.Present, "case.example.com", true)]
    [InlineData("52.0.2.9", AnswerState.Present, "nine.example.com", true)] // An alias of an alias.
    [InlineData("52.0.2.10", AnswerState.Present, "ten.example.com", true)] // Beside text that is no name.
    [InlineData("52.0.2.11", AnswerState.Absent, "", false)] // There, but without a PTR.
    [InlineData("52.0.2.12", AnswerState.Absent, "", false)]
    [InlineData("52.0.2.13", AnswerState.Absent, "", false)]
    [InlineData("52.0.2.14", AnswerState.Absent, "", false)]
    [InlineData("52.0.2.15", AnswerState.Absent, "", false)]
    [InlineData("52.0.2.16", AnswerState.Absent, "", false)]
    [InlineData("52.0.2.17", AnswerState.Present, LongName, false)] // 253 characters, the longest there is.
    [InlineData("52.0.2.18", AnswerState.Present, "fleeting.example.com", true)] // A TTL of zero.
    [InlineData("52.0.2.19", AnswerState.Present, "nineteen.example.com", true)] // An alias out of the reverse zones.
    [InlineData("52.0.2.20", AnswerState.Present, "52-0-2-20.example.com", true)] // Leads back by an alias.
    [InlineData("::ffff:52.0.2.1", AnswerState.Present, "one.example.com", true)]
    [InlineData("2001:db8::ecaf", AnswerState.Present, "six-six.example.com", false)]
    [InlineData("2001:db8::1", AnswerState.Present, "six.example.com", true)]
    [InlineData("2001:db8::2", AnswerState.Absent, "", false)]
    public async Task A_real_name_server_is_understood(string address, AnswerState state, string name, bool confirmed)
    {
        foreach (var lookups in (Lookups[])[_tcp, _udp])
            Assert.Equal(new ReverseAnswer(state, name, confirmed), await ResolverTests.AnswerAsync(lookups, IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData("b.example.com", "52.0.2.3", AnswerState.Present, true)]
    [InlineData("b.example.com", "52.0.2.1", AnswerState.Present, false)]
    [InlineData("52-0-2-20.example.com", "52.0.2.21", AnswerState.Present, true)] // By an alias.
    [InlineData("six.example.com", "2001:db8::1", AnswerState.Present, true)]
    [InlineData("six.example.com", "52.0.2.1", AnswerState.Absent, false)] // It has no IPv4 address.
    [InlineData("gone.example.com", "52.0.2.1", AnswerState.Absent, false)]
    [InlineData("not.in.any.zone.of.ours", "52.0.2.1", AnswerState.Pending, false)] // REFUSED is no absence.
    public async Task So_is_what_it_says_of_a_name(string name, string address, AnswerState state, bool has)
    {
        var (used, family) = (IPAddress.Parse(address), IPAddress.Parse(address).AddressFamily);
        foreach (var lookups in (Lookups[])[_tcp, _udp])
        {
            lookups.Resolve(name, family);
            await lookups.SettleAsync([Question.AddressesOf(name, family)], TimeSpan.FromSeconds(10), CancellationToken.None);
            var answer = lookups.Resolve(name, family);
            Assert.Equal((state, has), (answer.State, answer.Has(used)));
        }
    }
}
