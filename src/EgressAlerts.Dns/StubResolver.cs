using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace EgressAlerts.Dns;

/// <summary>Asks recursive servers, within a rate that a shared resolver bears. Any thread.</summary>
internal sealed class StubResolver : IDisposable
{
    private const int MaxAliasQuestions = 4;

    private readonly DnsOptions _options;
    private readonly DnsMetrics _metrics;
    private readonly DnsServer[] _servers;
    private readonly TokenBucketRateLimiter _rate;
    private int _next;

    public StubResolver(DnsOptions options, DnsMetrics metrics)
    {
        (_options, _metrics) = (options, metrics);
        var servers = options.Servers.Count > 0 ? options.Servers : ResolvConf.Servers();
        _servers = [.. servers.Select(server => new DnsServer(server, metrics))];
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

    /// <summary>Asks until someone answers or the attempts are used up. The name is taken as absolute.</summary>
    public async Task<DnsReply> AskAsync(string name, RecordType type, CancellationToken cancel)
    {
        for (var question = 0; question < MaxAliasQuestions; question++)
        {
            var (reply, alias) = await AskOnceAsync(name, type, cancel);
            // An alias into a delegated zone (RFC 2317) whose record a server did not add.
            if (reply.Outcome != DnsOutcome.Negative || alias is null) return reply;
            name = alias;
        }

        return DnsReply.Failed("alias_loop");
    }

    public void Dispose()
    {
        foreach (var server in _servers) server.Dispose();
        _rate.Dispose();
    }

    private async Task<(DnsReply Reply, string? Alias)> AskOnceAsync(string name, RecordType type, CancellationToken cancel)
    {
        if (_servers.Length == 0) return (DnsReply.Failed("no_server"), null);
        var first = Interlocked.Increment(ref _next) & int.MaxValue;
        var last = DnsReply.Failed("timeout");
        for (var attempt = 0; attempt < _options.Attempts; attempt++)
        {
            var (reply, alias) = await AskServerAsync(_servers[(first + attempt) % _servers.Length], name, type, cancel);
            if (reply.Outcome != DnsOutcome.Failure) return (reply, alias);
            _metrics.Failure(reply.Reason);
            last = reply;
        }

        return (last, null);
    }

    private async Task<(DnsReply Reply, string? Alias)> AskServerAsync(DnsServer server, string name, RecordType type, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        try
        {
            var query = DnsMessage.Question(name, type, server.SpeaksEdns);
            await TakeTurnAsync(cancel);
            timeout.CancelAfter(_options.Timeout);
            var bytes = await server.Channel.ExchangeAsync(query, either.Token);
            if (server.SpeaksEdns && DnsMessage.ResponseCode(bytes) == 1)
            {
                server.SpeaksEdns = false;
                query = DnsMessage.Question(name, type, edns: false);
                await TakeTurnAsync(cancel);
                bytes = await server.Channel.ExchangeAsync(query, either.Token);
            }

            // A cut answer may lack names: nothing of it is used.
            if (DnsMessage.IsTruncated(bytes)) bytes = await TcpExchange.AskAsync(server.Endpoint, query, either.Token);
            return (DnsMessage.Read(bytes, type, out var alias), alias);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (DnsReply.Failed("timeout"), null);
        }
        catch (SocketException)
        {
            return (DnsReply.Failed("unreachable"), null);
        }
        catch (IOException)
        {
            return (DnsReply.Failed("tcp"), null);
        }
        catch (ArgumentException)
        {
            return (DnsReply.Failed("bad_name"), null);
        }
    }

    private async Task TakeTurnAsync(CancellationToken cancel)
    {
        using var lease = await _rate.AcquireAsync(1, cancel);
        _metrics.Query();
    }
}
