using System.Globalization;
using DnsClient;
using EgressAlerts.Common;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Naming.Dns;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Naming.Dns;

/// <summary>What replies that are well addressed may hold, and what becomes of it: over TCP, and the same over UDP.</summary>
public sealed class HostileReplyTests : IDisposable
{
    private const string Name = "1.2.0.52.in-addr.arpa";
    private static readonly byte[] Right = RawReply.Record(RawReply.Asked, RawReply.Ptr, RawReply.Name("right.example.com"));

    private readonly MetricRegistry _self = new();
    private readonly ScriptedServer _server = new();
    private readonly NameServers _tcp;
    private readonly NameServers _udp;

    public HostileReplyTests()
    {
        var options = new DnsOptions { Servers = [_server.Endpoint], Timeout = TimeSpan.FromSeconds(2), Attempts = 1, QueriesPerSecond = 100_000 };
        _tcp = new NameServers(options, new DnsMetrics(_self), TimeProvider.System, NullLogger.Instance);
        _udp = new NameServers(options with { Transport = DnsTransport.Udp }, new DnsMetrics(_self), TimeProvider.System, NullLogger.Instance);
    }

    public void Dispose()
    {
        _tcp.Dispose();
        _udp.Dispose();
        _server.Dispose();
    }

    public static TheoryData<string, byte[], int> NoNames() => new()
    {
        { "markup", [.. RawReply.Label("\"><script>"), .. RawReply.Name("example.com")], 1 },
        { "a bell and a line feed", [.. RawReply.Label("bell\a\n"), .. RawReply.Name("example.com")], 1 },
        { "bytes", [.. RawReply.Label("caf\u00e9"), .. RawReply.Name("example.com")], 1 },
        { "a backslash", [.. RawReply.Label("a\\b"), .. RawReply.Name("example.com")], 1 },
        { "a label of 96 octets", [.. RawReply.Label(new string('a', 96)), .. RawReply.Name("example.com")], 1 },
        { "a name of 1,152 octets", [.. Enumerable.Repeat(RawReply.Label(new string('a', 63)), 18).SelectMany(label => label), .. RawReply.Name("com")], 1 },
        { "the root", [0], 1 },
        { "an address", RawReply.Name("10.0.0.1"), 1 },
        { "a reverse name", RawReply.Name("1.0.0.10.in-addr.arpa"), 1 },
        { "one label", RawReply.Name("localhost"), 1 },
        { "a wildcard", RawReply.Name("*.example.com"), 1 },
    };

    [Theory]
    [MemberData(nameof(NoNames))]
    public async Task Text_that_is_no_host_name_never_becomes_one(string what, byte[] target, int refused)
    {
        _server.Answer = query => [RawReply.To(query, 0x80, RawReply.Record(RawReply.Asked, RawReply.Ptr, target))];
        foreach (var reply in await BothAsync())
            Assert.True((reply.Outcome, reply.Names.Count, reply.Refused) == (DnsOutcome.Answer, 0, refused), $"{what}: {reply}");
    }

    [Fact]
    public async Task Records_of_another_owner_class_or_type_are_not_used()
    {
        var (stranger, wrong) = (RawReply.Name("9.9.9.9.in-addr.arpa"), RawReply.Name("wrong.example.com"));
        _server.Answer = query =>
        [
            RawReply.To(
                query,
                0x80,
                RawReply.Record(stranger, RawReply.Ptr, wrong),
                RawReply.Record(RawReply.Asked, RawReply.Ptr, wrong, kind: 3),
                RawReply.Record(RawReply.Asked, RawReply.A, [52, 0, 2, 1]),
                RawReply.Record(stranger, RawReply.Cname, wrong),
                Right),
        ];
        foreach (var reply in await BothAsync()) Assert.Equal(["right.example.com"], reply.Names);
    }

    [Fact]
    public async Task Names_are_read_in_lower_case_and_each_once()
    {
        string[] names = ["RIGHT.Example.COM", "right.example.com", "b.example.com"];
        byte[][] records = [.. names.Select(name => RawReply.Record(RawReply.Asked, RawReply.Ptr, RawReply.Name(name)))];
        _server.Answer = query => [RawReply.To(query, 0x80, records)];
        foreach (var reply in await BothAsync()) Assert.Equal(["right.example.com", "b.example.com"], reply.Names);
    }

    [Theory]
    [InlineData(300u, 300)]
    [InlineData(0u, 0)]
    [InlineData(0x80000000u, 0)]
    [InlineData(uint.MaxValue, 0)]
    public async Task A_lifetime_with_its_top_bit_set_is_none(uint ttl, int seconds)
    {
        _server.Answer = query => [RawReply.To(query, 0x80, RawReply.Record(RawReply.Asked, RawReply.Ptr, RawReply.Name("right.example.com"), ttl))];
        foreach (var reply in await BothAsync()) Assert.Equal(seconds, reply.Ttl.TotalSeconds);
    }

    [Theory]
    [InlineData(0x83, 900u, 60)]
    [InlineData(0x80, 30u, 30)]
    [InlineData(0x80, uint.MaxValue, 0)]
    public async Task An_absence_is_believed_for_as_long_as_the_zone_says(byte flags, uint ttl, int seconds)
    {
        _server.Answer = query => [RawReply.Absence(query, flags, RawReply.Record([0], RawReply.Soa, RawReply.SoaData(60), ttl))];
        foreach (var reply in await BothAsync()) Assert.Equal((DnsOutcome.Negative, seconds), (reply.Outcome, (int)reply.Ttl.TotalSeconds));
    }

    [Fact]
    public async Task Aliases_that_go_in_a_circle_or_on_for_ever_end()
    {
        _server.Answer = query => [RawReply.To(query, 0x80, RawReply.Record(RawReply.Asked, RawReply.Cname, RawReply.Asked))];
        foreach (var reply in await BothAsync()) Assert.Equal("alias_loop", reply.Reason);
        _server.Answer = query => [RawReply.To(query, 0x80, RawReply.Record(RawReply.Asked, RawReply.Cname, [.. RawReply.Label("a"), .. RawReply.Asked]))];
        foreach (var reply in await BothAsync()) Assert.Equal("alias_loop", reply.Reason);
    }

    [Fact]
    public async Task A_name_that_the_package_cannot_decode_is_asked_for_all_the_same_and_fails_only_as_an_owner()
    {
        _server.Answer = query => [RawReply.To(query, 0x80, RawReply.Record(RawReply.Asked, RawReply.A, [52, 0, 2, 1]))];
        string[] names = ["xn--zzzzz99999.example.com", "XN--zzzzz99999.example.com", "xn--bcher-kva.example.com", "a-xn--b.example.com", "0/25.example.com"];
        foreach (var servers in (NameServers[])[_tcp, _udp])
        {
            foreach (var name in names)
                Assert.Equal("52.0.2.1", $"{(await servers.AskAsync(name, QueryType.A, CancellationToken.None)).Addresses.Single()}");
        }

        var owner = RawReply.Name("xn--zzzzz99999.example.com");
        byte[][] chain = [RawReply.Record(RawReply.Asked, RawReply.Cname, owner), RawReply.Record(owner, RawReply.Ptr, RawReply.Name("right.example.com"))];
        _server.Answer = query => [RawReply.To(query, 0x80, chain)];
        foreach (var reply in await BothAsync()) Assert.Equal("malformed", reply.Reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("a.b.")]
    [InlineData(".a")]
    [InlineData("a b")]
    [InlineData("a\\010b.example.com")]
    [InlineData("b\u00fccher.example.com")]
    [InlineData("a-label-of-more-than-63-octets-which-is-more-than-any-label-may-have.example.com")]
    [InlineData("abcdefg*32")]
    public async Task A_name_that_DNS_cannot_hold_is_not_asked_for(string name)
    {
        if (name.EndsWith("*32", StringComparison.Ordinal)) name = string.Join('.', Enumerable.Repeat(name[..^3], 32));
        Assert.Equal("bad_name", (await _tcp.AskAsync(name, QueryType.A, CancellationToken.None)).Reason);
        Assert.Equal(0, _server.Connections);
    }

    [Fact]
    public async Task A_name_that_points_behind_its_message_shows_nothing_of_an_earlier_one_over_TCP()
    {
        byte[][] secrets = [.. Enumerable.Range(0, 30).Select(_ => RawReply.Record(RawReply.Asked, RawReply.Ptr, RawReply.Name("secret.corp.example.com")))];
        for (var behind = 80; behind < 400; behind++)
        {
            _server.Answer = query => [RawReply.To(query, 0x80, secrets)];
            Assert.Equal(["secret.corp.example.com"], (await AskAsync(_tcp)).Names);
            byte[] target = [0xC0, (byte)behind];
            target[0] |= (byte)(behind >> 8);
            _server.Answer = query => [RawReply.To(query, 0x80, RawReply.Record(RawReply.Asked, RawReply.Ptr, target))];
            Assert.Empty((await AskAsync(_tcp)).Names);
        }
    }

    /// <summary>Whatever arrives, reading it ends, and only a name that stands in it comes of it.</summary>
    [Fact]
    public async Task Every_prefix_and_every_flipped_bit_of_a_reply_is_read_or_refused_cleanly()
    {
        var zone = new DnsZone().Reverse("52.0.2.1", DnsBehaviour.Delegated, "a.example.net", "b.example.net");
        var change = (byte[] reply) => reply;
        var length = 0;
        _server.Answer = query =>
        {
            var reply = DnsReplies.To(query, zone, tcp: true)!.Value.Reply;
            length = reply.Length;
            return [change(reply)];
        };
        Assert.Equal(["a.example.net", "b.example.net"], (await BothAsync())[0].Names);
        for (var end = 1; end < length; end++)
        {
            var most = end;
            change = reply => reply[..most];
            Assert.NotEqual(DnsOutcome.Answer, (await AskAsync(_tcp)).Outcome);
        }

        for (var bit = 0; bit < length * 8; bit++)
        {
            var (at, mask) = (bit / 8, (byte)(1 << (bit % 8)));
            change = reply => [.. reply[..at], (byte)(reply[at] ^ mask), .. reply[(at + 1)..]];
            var reply = await AskAsync(_tcp);
            Assert.True(reply.Reason != "timeout", string.Create(CultureInfo.InvariantCulture, $"bit {bit}: {reply}"));
            Assert.All(reply.Names, name => Assert.True(HostName.IsOne(name)));
        }
    }

    private async Task<IReadOnlyList<DnsReply>> BothAsync() => [await AskAsync(_tcp), await AskAsync(_udp)];

    private static Task<DnsReply> AskAsync(NameServers servers) => servers.AskAsync(Name, QueryType.PTR, CancellationToken.None);
}
