using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using EgressAlerts.Dns;
using EgressAlerts.Export;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Dns;

/// <summary>The resolver's sockets against a server that does what servers and attackers do.</summary>
public sealed class TransportTests : IDisposable
{
    private const string Name = "1.2.0.52.in-addr.arpa";

    private readonly Meter _meter = new("test");
    private readonly SelfMetrics _self;
    private readonly ScriptedServer _server = new();
    private readonly DnsZone _zone = new DnsZone().Named("52.0.2.1", "right.example.com");
    private StubResolver _resolver;

    public TransportTests()
    {
        _self = new SelfMetrics(_meter);
        _resolver = Resolver(TimeSpan.FromSeconds(1));
    }

    public void Dispose()
    {
        _resolver.Dispose();
        _server.Dispose();
        _self.Dispose();
        _meter.Dispose();
    }

    public static TheoryData<string, string> Unwanted() => new()
    {
        { "short", "cut short" },
        { "unknown_id", "other id" },
        { "not_a_reply", "a question" },
        { "other_question", "other name" },
        { "other_question", "other type" },
        { "other_question", "no question" },
    };

    [Theory]
    [MemberData(nameof(Unwanted))]
    public async Task What_is_no_reply_to_the_question_is_counted_and_the_wait_goes_on(string reason, string kind)
    {
        _server.Datagram = query => [Forged(query, kind), Good(query)];
        Assert.Equal(["right.example.com"], (await AskAsync()).Names);
        Assert.Equal(1, _self.Sum("egress_alerts_dns_unwanted_replies_total", reason));
    }

    [Fact]
    public async Task A_reply_that_comes_twice_or_too_late_answers_nothing_else()
    {
        var held = new List<byte[]>();
        _server.Datagram = query =>
        {
            // The first question is answered with the second one's reply, twice.
            held.Add(Good(query));
            return held.Count == 1 ? [] : [.. held, held[^1]];
        };
        _resolver.Dispose();
        _resolver = Resolver(TimeSpan.FromMilliseconds(200));
        Assert.Equal(["right.example.com"], (await AskAsync()).Names);
        Assert.Equal(["right.example.com"], (await AskAsync()).Names);
        Assert.True(_self.Sum("egress_alerts_dns_unwanted_replies_total", "unknown_id") >= 2);
        Assert.Equal(1, _self.Sum("egress_alerts_dns_query_failures_total", "timeout"));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    public async Task A_datagram_of_any_size_is_taken_whole(int names)
    {
        _zone.Named("52.0.2.9", [.. Enumerable.Range(0, names).Select(i => string.Create(CultureInfo.InvariantCulture, $"a-rather-long-host-name-{i:00}.example.com"))]);
        var length = 0;
        _server.Datagram = query =>
        {
            var reply = Good(query);
            length = reply.Length;
            return [reply];
        };
        Assert.Equal(names, (await _resolver.AskAsync("9.2.0.52.in-addr.arpa", RecordType.Ptr, CancellationToken.None)).Names.Count);
        Assert.True(length > (names == 20 ? 512 : 1232));
    }

    [Fact]
    public async Task A_cut_datagram_is_never_believed_even_if_it_looks_complete()
    {
        _server.Datagram = query => [Cut(Good(query))];
        _server.Connection = _ => Task.CompletedTask; // Hangs up at once.
        var reply = await AskAsync();
        Assert.Equal((DnsOutcome.Failure, "tcp"), (reply.Outcome, reply.Reason));
    }

    [Fact]
    public async Task A_reply_over_TCP_may_come_byte_by_byte()
    {
        _server.Datagram = query => [Cut(Good(query))];
        _server.Connection = async stream =>
        {
            foreach (var octet in ScriptedServer.Framed(Good(await ScriptedServer.ReadAsync(stream))))
            {
                await stream.WriteAsync(new[] { octet });
                await stream.FlushAsync();
            }
        };
        Assert.Equal(["right.example.com"], (await AskAsync()).Names);
    }

    [Fact]
    public async Task Questions_over_TCP_share_a_connection_and_their_replies_may_come_in_any_order_in_one_piece()
    {
        const int Questions = 20;
        for (var i = 0; i < Questions; i++) _zone.Named(string.Create(CultureInfo.InvariantCulture, $"52.0.3.{i}"), string.Create(CultureInfo.InvariantCulture, $"host-{i}.example.com"));
        _server.Datagram = query => [Cut(Good(query))];
        _server.Connection = async stream =>
        {
            var replies = new List<byte[]>();
            while (replies.Count < Questions) replies.Add(ScriptedServer.Framed(Good(await ScriptedServer.ReadAsync(stream))));
            replies.Reverse();
            await stream.WriteAsync(replies.SelectMany(reply => reply).ToArray());
        };
        var names = await Task.WhenAll(Enumerable.Range(0, Questions).Select(async i => (await _resolver.AskAsync($"{i}.3.0.52.in-addr.arpa", RecordType.Ptr, CancellationToken.None)).Names.Single()));
        Assert.Equal(Enumerable.Range(0, Questions).Select(i => $"host-{i}.example.com"), names);
        Assert.Equal(1, _server.Connections);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("half")]
    [InlineData("empty")]
    [InlineData("forged")]
    public async Task A_connection_that_ends_early_or_says_something_else_is_a_failure(string kind)
    {
        _server.Datagram = query => [Cut(Good(query))];
        _server.Connection = async stream =>
        {
            var query = await ScriptedServer.ReadAsync(stream);
            var framed = ScriptedServer.Framed(kind == "forged" ? Forged(query, "other name") : kind == "empty" ? [] : Good(query));
            await stream.WriteAsync(kind == "nothing" ? [] : kind == "half" ? framed[..(framed.Length / 2)] : framed);
        };
        var reply = await AskAsync();
        Assert.Equal((DnsOutcome.Failure, "tcp"), (reply.Outcome, reply.Reason));
    }

    [Fact]
    public async Task A_server_that_does_not_understand_EDNS0_is_asked_once_more_without_and_from_then_on()
    {
        var (with, without) = (0, 0);
        _server.Datagram = query =>
        {
            var isEdns = query[11] == 1;
            _ = isEdns ? Interlocked.Increment(ref with) : Interlocked.Increment(ref without);
            return isEdns ? [FormatError(query)] : [Good(query)];
        };
        for (var i = 0; i < 3; i++) Assert.Equal(["right.example.com"], (await AskAsync()).Names);
        Assert.Equal((1, 3), (with, without));
    }

    [Fact]
    public async Task A_server_that_fails_repeatedly_rests_and_is_then_tried_with_one_question()
    {
        var asked = 0;
        _server.Datagram = _ =>
        {
            Interlocked.Increment(ref asked);
            return [];
        };
        _resolver.Dispose();
        _resolver = Resolver(TimeSpan.FromMilliseconds(50));
        for (var i = 0; i < 20; i++) await AskAsync();
        Assert.InRange(asked, 5, 6);
        Assert.True(_self.Sum("egress_alerts_dns_query_failures_total", "resting") >= 10);

        _server.Datagram = query => [Good(query)];
        await Deadline.UntilAsync(async () => (await AskAsync()).Names.Count == 1, 20, "it has rested");
        Assert.Equal(["right.example.com"], (await AskAsync()).Names);
    }

    [Fact]
    public async Task Questions_share_a_socket_and_those_without_a_reply_cost_a_new_one_not_many()
    {
        _server.Datagram = query => query[13] % 2 == 0 ? [Good(query)] : []; // By the first digit of the name.
        var replies = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => _resolver.AskAsync($"{i % 250}.{i / 250}.0.52.in-addr.arpa", RecordType.Ptr, CancellationToken.None).AsTask()));
        Assert.Contains(replies, reply => reply.Outcome == DnsOutcome.Failure);
        Assert.Contains(replies, reply => reply.Outcome != DnsOutcome.Failure);
        Assert.InRange(_server.Sources, 2, 6);
    }

    [Fact]
    public async Task The_systems_servers_are_read_again_when_their_file_changes()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("resolv.conf", "# nobody yet\n");
        _resolver.Dispose();
        var time = new HandTime();
        _resolver = new StubResolver(new DnsOptions(), new DnsMetrics(_meter), time, NullLogger.Instance, file);
        Assert.Equal("no_server", (await AskAsync()).Reason);
        folder.Write("resolv.conf", "nameserver 127.0.0.2\noptions timeout:1 attempts:1\n");
        File.SetLastWriteTimeUtc(file, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("unreachable", (await AskAsync()).Reason); // Nobody listens there, and says so.
    }

    [Theory]
    [InlineData(null, null, 7, 5)]
    [InlineData(1, 3, 1, 3)]
    public void What_the_configuration_says_wins_over_the_options_of_the_systems_file(int? seconds, int? attempts, int timeout, int tries)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("resolv.conf", "nameserver 127.0.0.2\noptions timeout:7 attempts:5\n");
        var options = new DnsOptions { Timeout = seconds is { } some ? TimeSpan.FromSeconds(some) : null, Attempts = attempts };
        using var servers = new ServerList(options, new DnsMetrics(_meter), TimeProvider.System, NullLogger.Instance, file);
        Assert.Equal((TimeSpan.FromSeconds(timeout), tries), (servers.Now.Timeout, servers.Now.Attempts));
    }

    private StubResolver Resolver(TimeSpan timeout) =>
        new(new DnsOptions { Servers = [_server.Endpoint], Timeout = timeout, QueriesPerSecond = 100_000 }, new DnsMetrics(_meter), TimeProvider.System, NullLogger.Instance);

    private async Task<DnsReply> AskAsync() => await _resolver.AskAsync(Name, RecordType.Ptr, CancellationToken.None);

    private byte[] Good(byte[] query) => DnsReplies.To(query, _zone, tcp: true)!.Value.Reply;

    private static byte[] Cut(byte[] reply)
    {
        reply[2] |= 2;
        return reply;
    }

    private static byte[] FormatError(byte[] query)
    {
        var reply = query[..12];
        (reply[2], reply[3], reply[5], reply[11]) = (0x81, 1, 0, 0);
        return reply;
    }

    private byte[] Forged(byte[] query, string kind)
    {
        var reply = Good(query);
        switch (kind)
        {
            case "cut short": return reply[..11];
            case "other id": reply[0] ^= 0x55; break;
            case "a question": reply[2] &= 0x7f; break;
            case "other name": reply[13] ^= 1; break;
            case "other type": reply[12 + Name.Length + 3] ^= 1; break;
            default: reply[5] = 0; break;
        }

        return reply;
    }
}
