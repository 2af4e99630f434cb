using System.Globalization;
using System.Net;
using DnsClient;
using EgressAlerts.Common;
using EgressAlerts.Export;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Naming.Dns;

/// <summary>Questions and replies on their way, against a server that does what servers and attackers do.</summary>
public sealed class NameServersTests : IDisposable
{
    private const string Name = "1.2.0.52.in-addr.arpa";

    private readonly MetricRegistry _self = new();
    private readonly DnsMetrics _metrics;
    private readonly ScriptedServer _server = new();
    private readonly DnsZone _zone = new DnsZone().Named("52.0.2.1", "right.example.com");
    private NameServers? _servers;

    public NameServersTests()
    {
        _metrics = new DnsMetrics(_self);
    }

    public void Dispose()
    {
        _servers?.Dispose();
        _server.Dispose();
    }

    [Theory]
    [InlineData(DnsTransport.Tcp, "other id", "unknown_id")]
    [InlineData(DnsTransport.Tcp, "a question", "not_a_reply")]
    [InlineData(DnsTransport.Tcp, "other name", "other_question")]
    [InlineData(DnsTransport.Tcp, "other type", "other_question")]
    [InlineData(DnsTransport.Tcp, "no question", "other_question")]
    [InlineData(DnsTransport.Udp, "other id", "unknown_id")]
    [InlineData(DnsTransport.Udp, "a question", "not_a_reply")]
    [InlineData(DnsTransport.Udp, "other name", "other_question")]
    [InlineData(DnsTransport.Udp, "other type", "other_question")]
    [InlineData(DnsTransport.Udp, "no question", "other_question")]
    public async Task A_reply_that_does_not_belong_to_the_question_is_counted_and_the_question_is_asked_again(
        DnsTransport transport, string kind, string reason)
    {
        var asked = 0;
        _server.Answer = query => [Interlocked.Increment(ref asked) == 1 ? Forged(query, kind) : Good(query)];
        Assert.Equal(["right.example.com"], (await AskAsync(Servers(transport))).Names);
        Assert.Equal(1, _self.Sum("egress_alerts_dns_unwanted_replies_total", reason));
        Assert.Equal(1, _self.Sum("egress_alerts_dns_query_failures_total", "unwanted"));
    }

    [Theory]
    [InlineData(DnsTransport.Tcp)]
    [InlineData(DnsTransport.Udp)]
    public async Task A_reply_that_comes_twice_answers_nothing_else(DnsTransport transport)
    {
        _zone.Named("52.0.2.2", "other.example.com");
        _server.Answer = query => [Good(query), Good(query)];
        var servers = Servers(transport);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(["right.example.com"], (await AskAsync(servers)).Names);
            Assert.Equal(["other.example.com"], (await AskAsync(servers, "2.2.0.52.in-addr.arpa")).Names);
        }
    }

    [Theory]
    [InlineData(DnsTransport.Tcp, 20, 512)]
    [InlineData(DnsTransport.Tcp, 40, 1232)]
    [InlineData(DnsTransport.Tcp, 60, 2000)]
    [InlineData(DnsTransport.Udp, 20, 512)]
    [InlineData(DnsTransport.Udp, 40, 1232)]
    public async Task A_reply_of_any_size_is_taken_whole(DnsTransport transport, int names, int least)
    {
        var answers = Enumerable.Range(0, names).Select(i => string.Create(CultureInfo.InvariantCulture, $"a-rather-long-host-name-{i:00}.example.com"));
        _zone.Named("52.0.2.9", [.. answers]);
        var length = 0;
        _server.Answer = query =>
        {
            var reply = Good(query);
            length = reply.Length;
            return [reply];
        };
        Assert.Equal(names, (await AskAsync(Servers(transport), "9.2.0.52.in-addr.arpa")).Names.Count);
        Assert.True(length > least);
    }

    [Fact]
    public async Task A_datagram_that_calls_itself_cut_is_asked_for_over_TCP_and_never_believed_even_if_it_looks_complete()
    {
        _zone.Named("52.0.2.2", "other.example.com");
        _server.Datagram = query => [Cut(Good(query))];
        _server.Answer = query => [Good(query)];
        Assert.Equal(["other.example.com"], (await AskAsync(Servers(DnsTransport.Udp), "2.2.0.52.in-addr.arpa")).Names);
        Assert.Equal(2, _self.Sum("egress_alerts_dns_queries_total"));

        _server.Connection = _ => Task.CompletedTask; // Hangs up at once.
        var reply = await AskAsync(Servers(DnsTransport.Udp));
        Assert.Equal((DnsOutcome.Failure, "tcp"), (reply.Outcome, reply.Reason));
    }

    [Fact]
    public async Task A_reply_over_TCP_may_come_byte_by_byte_after_its_length()
    {
        _server.Connection = async stream =>
        {
            var framed = ScriptedServer.Framed(Good(await ScriptedServer.ReadAsync(stream)));
            await stream.WriteAsync(framed.AsMemory(0, 2));
            foreach (var octet in framed.Skip(2)) await stream.WriteAsync(new[] { octet });
        };
        Assert.Equal(["right.example.com"], (await AskAsync(Servers())).Names);
    }

    [Fact]
    public async Task Questions_one_after_another_share_a_connection_and_those_at_a_time_have_each_their_own()
    {
        const int Questions = 20;
        for (var i = 0; i < Questions; i++) _zone.Named($"52.0.3.{i}", $"host-{i}.example.com");
        _server.Answer = query => [Good(query)];
        var servers = Servers();
        for (var i = 0; i < 10; i++) await AskAsync(servers);
        Assert.Equal(1, _server.Connections);

        var names = await Task.WhenAll(Enumerable.Range(0, Questions).Select(async i => (await AskAsync(servers, $"{i}.3.0.52.in-addr.arpa")).Names.Single()));
        Assert.Equal(Enumerable.Range(0, Questions).Select(i => $"host-{i}.example.com"), names);
        Assert.InRange(_server.Connections, 1, Questions);
    }

    [Fact]
    public async Task A_connection_that_the_server_closed_while_it_waited_costs_no_answer()
    {
        _server.Connection = async stream =>
        {
            await stream.WriteAsync(ScriptedServer.Framed(Good(await ScriptedServer.ReadAsync(stream)))); // One answer, and it hangs up.
        };
        var servers = Servers(attempts: 1);
        for (var i = 0; i < 10; i++) Assert.Equal(["right.example.com"], (await AskAsync(servers)).Names);
        Assert.Equal(0, _self.Sum("egress_alerts_dns_query_failures_total"));
    }

    [Theory]
    [InlineData("nothing", "tcp")]
    [InlineData("half", "tcp")]
    [InlineData("empty", "tcp")]
    [InlineData("other name", "unwanted")]
    [InlineData("cut short", "malformed")]
    [InlineData("calls itself cut", "malformed")]
    public async Task A_connection_that_ends_early_or_says_something_else_is_a_failure(string kind, string reason)
    {
        _server.Connection = async stream =>
        {
            var query = await ScriptedServer.ReadAsync(stream);
            var good = ScriptedServer.Framed(Good(query));
            await stream.WriteAsync(kind switch
            {
                "nothing" => [],
                "half" => good[..(good.Length / 2)],
                "empty" => ScriptedServer.Framed([]),
                "calls itself cut" => ScriptedServer.Framed(Cut(Good(query))),
                _ => ScriptedServer.Framed(Forged(query, kind)),
            });
        };
        var reply = await AskAsync(Servers());
        Assert.Equal((DnsOutcome.Failure, reason), (reply.Outcome, reply.Reason));
    }

    [Theory]
    [InlineData(DnsTransport.Tcp)]
    [InlineData(DnsTransport.Udp)]
    public async Task A_server_that_fails_repeatedly_rests_and_is_then_tried_with_one_question(DnsTransport transport)
    {
        var time = new HandTime();
        var servers = Servers(transport, TimeSpan.FromMilliseconds(200), time: time);
        for (var i = 0; i < 20; i++) await AskAsync(servers);
        Assert.Equal(5, _self.Sum("egress_alerts_dns_queries_total"));
        Assert.True(_self.Sum("egress_alerts_dns_query_failures_total", "resting") >= 10);

        time.Advance(TimeSpan.FromSeconds(6));
        for (var i = 0; i < 20; i++) await AskAsync(servers);
        Assert.Equal(6, _self.Sum("egress_alerts_dns_queries_total")); // One question tried it, and it rests again, for longer.

        _server.Answer = query => [Good(query)];
        time.Advance(TimeSpan.FromSeconds(12));
        Assert.Equal(["right.example.com"], (await AskAsync(servers)).Names);
        Assert.Equal(["right.example.com"], (await AskAsync(servers)).Names);
    }

    [Fact]
    public async Task The_next_server_is_asked_after_an_error_and_never_after_an_absence()
    {
        using var next = new ScriptedServer();
        next.Answer = query => [Good(query)];
        var options = new DnsOptions { Servers = [_server.Endpoint, next.Endpoint], Timeout = TimeSpan.FromSeconds(1), QueriesPerSecond = 1000 };
        using var servers = new NameServers(options, _metrics, TimeProvider.System, NullLogger.Instance);
        (byte Flags, DnsOutcome Outcome)[] cases =
            [(0x82, DnsOutcome.Answer), (0x85, DnsOutcome.Answer), (0x84, DnsOutcome.Answer), (0x83, DnsOutcome.Negative)]; // The code of 0x83 is NXDOMAIN.
        foreach (var (flags, outcome) in cases)
        {
            _server.Answer = query => [RawReply.To(query, flags)];
            // The servers take turns: one of two questions begins with the one that fails.
            var replies = await Task.WhenAll(AskAsync(servers), AskAsync(servers));
            Assert.Equal([outcome, DnsOutcome.Answer], replies.Select(reply => reply.Outcome).OrderDescending());
        }
    }

    [Fact]
    public async Task A_question_that_is_cancelled_ends_as_such_and_the_server_is_not_blamed()
    {
        var servers = Servers(timeout: TimeSpan.FromSeconds(20));
        using var stop = new CancellationTokenSource();
        var asking = servers.AskAsync(Name, QueryType.PTR, stop.Token);
        await Deadline.UntilAsync(() => _server.Connections == 1, 10, "the question is under way");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Equal("", servers.Status.Single().LastError);
    }

    [Fact]
    public async Task The_systems_servers_are_read_again_when_their_file_changes()
    {
        using var folder = new TemporaryFolder();
        var (file, time, log) = (folder.Write("resolv.conf", "# nobody yet\n"), new HandTime(), new ListLogger<NameServers>());
        using var servers = new NameServers(new DnsOptions(), _metrics, time, log, file);
        Assert.Equal("no_server", (await AskAsync(servers)).Reason);
        Assert.Equal([$"Warning: dns.servers is empty and {file} names no name server: destinations keep their addresses until it names one"], log.Entries);
        folder.Write("resolv.conf", "nameserver 127.0.0.2\noptions timeout:1 attempts:1\n");
        File.SetLastWriteTimeUtc(file, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("unreachable", (await AskAsync(servers)).Reason); // Nobody listens there, and says so.
        Assert.Equal(["127.0.0.2:53"], servers.Status.Select(server => server.Server));
    }

    [Fact]
    public void The_systems_servers_stay_in_use_while_their_file_is_gone()
    {
        using var folder = new TemporaryFolder();
        var (file, time, log) = (folder.Write("resolv.conf", "nameserver 127.0.0.2\n"), new HandTime(), new ListLogger<NameServers>());
        using var servers = new NameServers(new DnsOptions(), _metrics, time, log, file);
        File.Delete(file);
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(["127.0.0.2:53"], servers.Status.Select(server => server.Server));
        Assert.Equal([$"Warning: {file} is gone or cannot be reached. What it said before stays in use, and it is read again when it is back"], log.Entries);
        folder.Write("resolv.conf", "nameserver 127.0.0.3\n");
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(["127.0.0.3:53"], servers.Status.Select(server => server.Server));
    }

    [Theory]
    [InlineData(null, null, 7, 5)]
    [InlineData(1, 3, 1, 3)]
    public void What_the_configuration_says_wins_over_the_options_of_the_systems_file(int? seconds, int? attempts, int timeout, int tries)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("resolv.conf", "nameserver 127.0.0.2\noptions timeout:7 attempts:5\n");
        var options = new DnsOptions { Timeout = seconds is { } some ? TimeSpan.FromSeconds(some) : null, Attempts = attempts };
        var current = new ServerList(options, TimeProvider.System, NullLogger.Instance, file).Now;
        Assert.Equal((TimeSpan.FromSeconds(timeout), tries), (current.Timeout, current.Attempts));
    }

    private NameServers Servers(DnsTransport transport = DnsTransport.Tcp, TimeSpan? timeout = null, int attempts = 2, TimeProvider? time = null)
    {
        _servers?.Dispose();
        var options = new DnsOptions
        {
            Servers = [_server.Endpoint],
            Transport = transport,
            Timeout = timeout ?? TimeSpan.FromSeconds(2),
            Attempts = attempts,
            QueriesPerSecond = 100_000,
        };
        return _servers = new NameServers(options, _metrics, time ?? TimeProvider.System, NullLogger.Instance);
    }

    private static Task<DnsReply> AskAsync(NameServers servers, string name = Name) => servers.AskAsync(name, QueryType.PTR, CancellationToken.None);

    private byte[] Good(byte[] query) => DnsReplies.To(query, _zone, tcp: true)!.Value.Reply;

    private static byte[] Cut(byte[] reply)
    {
        reply[2] |= 2;
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
            default: return [.. reply[..4], .. new byte[8]];
        }

        return reply;
    }
}
