using System.Runtime.CompilerServices;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Dns;

/// <summary>Asks recursive servers, within a rate that a shared resolver bears. Any thread. Hot code.</summary>
public sealed class StubResolver : IDisposable
{
    private const int MaxAliasQuestions = 4;
    private const int FormatError = 1;

    private readonly DnsMetrics _metrics;
    private readonly ServerList _servers;
    private readonly TokenBucketRateLimiter _rate;

    internal StubResolver(DnsOptions options, DnsMetrics metrics, TimeProvider time, ILogger logger, string resolvConf = ResolvConf.SystemPath)
    {
        _metrics = metrics;
        _servers = new ServerList(options, metrics, time, logger, resolvConf);
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

    /// <summary>How the name servers stand that are asked now.</summary>
    public IReadOnlyList<NameServerStatus> Servers => [.. _servers.Now.Servers.Select(server => server.Status)];

    /// <summary>Asks until someone answers or the attempts are used up. The name is taken as absolute.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<DnsReply> AskAsync(string name, RecordType type, CancellationToken cancel)
    {
        var exchange = Exchange.Rent();
        try
        {
            for (var question = 0; question < MaxAliasQuestions; question++)
            {
                var (reply, alias) = await AskOnceAsync(exchange, name, type, cancel);
                // An alias into a delegated zone (RFC 2317) whose record a server did not add.
                if (reply.Outcome != DnsOutcome.Negative || alias is null) return reply;
                name = alias;
            }

            return DnsReply.Failed("alias_loop");
        }
        finally
        {
            exchange.Return();
        }
    }

    public void Dispose()
    {
        _servers.Dispose();
        _rate.Dispose();
    }

    /// <summary>Next server on timeout, SERVFAIL, REFUSED and the like, never on an absence.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<(DnsReply Reply, string? Alias)> AskOnceAsync(Exchange exchange, string name, RecordType type, CancellationToken cancel)
    {
        var current = _servers.Now;
        if (current.Servers.Count == 0) return (DnsReply.Failed("no_server"), null);
        if (!exchange.TryAsk(name, type, edns: true)) return (DnsReply.Failed("bad_name"), null);
        var (first, last) = (current.First, DnsReply.Failed("resting"));
        for (var attempt = 0; attempt < current.Attempts; attempt++)
        {
            if (current.Choose(first, attempt) is not { } server)
            {
                _metrics.Failure("resting");
                return (last, null);
            }

            var timeout = attempt + 1 < current.Attempts ? server.Patience(current.Timeout) : current.Timeout;
            var (reply, alias) = await AskServerAsync(exchange, server, name, type, timeout, cancel);
            if (reply.Outcome != DnsOutcome.Failure) return (reply, alias);
            _metrics.Failure(reply.Reason);
            last = reply;
        }

        return (last, null);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<(DnsReply Reply, string? Alias)> AskServerAsync(Exchange exchange, DnsServer server, string name, RecordType type, TimeSpan timeout, CancellationToken cancel)
    {
        var edns = server.SpeaksEdns;
        exchange.TryAsk(name, type, edns);
        await TakeTurnAsync(cancel);
        var result = await server.AskAsync(exchange, timeout);
        if (result == ExchangeResult.Replied && edns && DnsMessage.ResponseCode(exchange.Reply) == FormatError)
        {
            server.NoEdns();
            exchange.TryAsk(name, type, edns: false);
            await TakeTurnAsync(cancel);
            result = await server.AskAsync(exchange, timeout);
        }

        // A cut answer may lack names: nothing of it is used.
        var isTcp = result == ExchangeResult.Replied && DnsMessage.IsTruncated(exchange.Reply);
        if (isTcp) result = await server.AskTcpAsync(exchange, timeout);
        return result switch
        {
            ExchangeResult.Replied => (DnsMessage.Read(exchange.Reply, type, out var alias), alias),
            ExchangeResult.Timeout => (DnsReply.Failed("timeout"), null),
            _ => (DnsReply.Failed(isTcp ? "tcp" : "unreachable"), null),
        };
    }

    private async ValueTask TakeTurnAsync(CancellationToken cancel)
    {
        using (var now = _rate.AttemptAcquire())
        {
            if (!now.IsAcquired)
            {
                using var later = await _rate.AcquireAsync(1, cancel);
            }
        }

        _metrics.Query();
    }
}
