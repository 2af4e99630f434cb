using System.Threading.RateLimiting;
using DnsClient;
using EgressAlerts.Common;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Naming.Dns;

/// <summary>Asks recursive name servers, no more often than a shared resolver can bear. Any thread.</summary>
public sealed class NameServers : IDisposable
{
    private const int MaxAliasQuestions = 4;

    /// <summary>A server may close a connection that waited for the next question. So a question whose connection ended is asked again on another.</summary>
    private const int MaxConnections = 3;

    private readonly DnsTransport _transport;
    private readonly DnsMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ServerList _servers;
    private readonly TokenBucketRateLimiter _rate;

    internal NameServers(DnsOptions options, DnsMetrics metrics, TimeProvider time, ILogger logger, string resolvConf = ResolvConf.SystemPath)
    {
        (_transport, _metrics, _time) = (options.Transport, metrics, time);
        _servers = new ServerList(options, time, logger, resolvConf);
        // Tokens come one by one at low rates and in tenths of a second at high ones, so that a burst is never more than twice the rate.
        var perPeriod = Math.Max(1, options.QueriesPerSecond / 10);
        _rate = new TokenBucketRateLimiter(new()
        {
            TokenLimit = options.QueriesPerSecond * 2,
            TokensPerPeriod = perPeriod,
            ReplenishmentPeriod = TimeSpan.FromSeconds((double)perPeriod / options.QueriesPerSecond),
            QueueLimit = int.MaxValue,
        });
    }

    /// <summary>Name servers for a command, whose questions nobody counts.</summary>
    public static NameServers Of(DnsOptions options, TimeProvider time) =>
        new(options, new DnsMetrics(new MetricRegistry()), time, NullLogger.Instance);

    /// <summary>The state of the servers that are asked now.</summary>
    public IReadOnlyList<NameServerStatus> Status => [.. _servers.Now.Servers.Select(server => server.Status)];

    public void Dispose() => _rate.Dispose();

    /// <summary>Asks until a server answers or the attempts are used up.</summary>
    /// <param name="name">Taken as absolute, without a trailing dot.</param>
    internal async Task<DnsReply> AskAsync(string name, QueryType type, CancellationToken cancel)
    {
        for (var question = 0; question < MaxAliasQuestions; question++)
        {
            if (Question(name, type) is not { } asked) return DnsReply.Failed("bad_name");
            var reply = await AskAsync(asked, cancel);
            // An alias into a delegated zone (RFC 2317) whose record the server did not add.
            if (reply.Outcome != DnsOutcome.Negative || reply.Alias is null) return reply;
            name = reply.Alias;
        }

        return DnsReply.Failed("alias_loop");
    }

    /// <summary>The next server is asked after a timeout, SERVFAIL, REFUSED and the like, never after an absence.</summary>
    private async Task<DnsReply> AskAsync(DnsQuestion question, CancellationToken cancel)
    {
        var current = _servers.Now;
        var first = current.First;
        var nobody = DnsReply.Failed(current.Servers.Count == 0 ? "no_server" : "resting");
        var reply = nobody;
        for (var attempt = 0; attempt < current.Attempts; attempt++)
        {
            if (current.Choose(first, attempt) is not { } server)
            {
                _metrics.Failure(nobody.Reason);
                break;
            }

            var timeout = attempt + 1 < current.Attempts ? server.Patience(current.Timeout) : current.Timeout;
            reply = await AskAsync(server, question, timeout, cancel);
            if (reply.Outcome != DnsOutcome.Failure) break;
            _metrics.Failure(reply.Reason);
        }

        return reply;
    }

    private async Task<DnsReply> AskAsync(DnsServer server, DnsQuestion question, TimeSpan timeout, CancellationToken cancel)
    {
        var (isTcp, connections, isHeard) = (_transport == DnsTransport.Tcp, 0, false);
        try
        {
            while (true)
            {
                using (await _rate.AcquireAsync(1, cancel)) _metrics.Query();
                var started = _time.GetTimestamp();
                var outcome = await server.Client.AskAsync(question, isTcp, timeout, cancel);
                if (outcome.Unwanted.Length > 0) _metrics.Unwanted(outcome.Unwanted);
                if (outcome.Reason == ServerClient.ConnectionEnded && ++connections < MaxConnections) continue;
                isHeard |= outcome.IsHeard;
                var reply = outcome.Reply is null ? DnsReply.Failed(outcome.Reason) : Replies.Read(outcome.Reply, question);
                // Over UDP the server is well where it answers, also if its port is closed for TCP.
                if (isHeard) server.Answered(started, outcome.Text.Length > 0 ? outcome.Text : reply.Reason);
                else server.Failed(started, outcome.Text, mayBeLoss: outcome.Reason == "timeout");
                if (outcome.Reason != ServerClient.Truncated) return reply;
                isTcp = true; // A cut answer may lack names: nothing of it is used.
            }
        }
        catch (Exception)
        {
            server.Unused();
            throw;
        }
    }

    /// <summary>The question, or null where DNS cannot hold the name.</summary>
    private static DnsQuestion? Question(string name, QueryType type)
    {
        if (!HostName.CanBeAsked(name)) return null;
        try
        {
            // The package decodes xn-- in the question that a reply repeats, and throws where it is no punycode. It looks for the lower case alone.
            return new DnsQuestion(name.Replace("xn--", "XN--", StringComparison.OrdinalIgnoreCase), type);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
