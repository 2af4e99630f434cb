using System.Net;
using System.Net.Sockets;
using DnsClient;

namespace EgressAlerts.Naming.Dns;

/// <summary>Asks one name server one question through the package, and turns the package's exceptions into reasons. Any thread.</summary>
/// <remarks>The package's own cache, retries and choice of servers are off. They would evade the rate limit, and ask the next server after NXDOMAIN.</remarks>
internal sealed class ServerClient
{
    /// <summary>The answer did not fit into a datagram.</summary>
    public const string Truncated = "truncated";

    /// <summary>The connection ended without a whole reply.</summary>
    public const string ConnectionEnded = "tcp";

    private static readonly ServerOutcome TimedOut = new(null, "timeout", "no answer in time");
    private static readonly ServerOutcome Ended = new(null, ConnectionEnded, "it ended the connection");
    private static readonly ServerOutcome Malformed = new(null, "malformed", "the reply was malformed");

    private readonly NameServer[] _server;
    private readonly LookupClient _client;

    public ServerClient(IPEndPoint server)
    {
        // In resolv.conf the unspecified address means this host; the package refuses it.
        var address = server.Address;
        if (address.Equals(IPAddress.Any)) address = IPAddress.Loopback;
        if (address.Equals(IPAddress.IPv6Any)) address = IPAddress.IPv6Loopback;
        _server = [new NameServer(address, server.Port)];
        _client = new LookupClient(new LookupClientOptions(_server) { AutoResolveNameServers = false, UseCache = false });
    }

    /// <summary>Asks once.</summary>
    /// <returns>The reply, whatever its response code says, or the reason why there is none.</returns>
    public async Task<ServerOutcome> AskAsync(DnsQuestion question, bool tcp, TimeSpan timeout, CancellationToken cancel)
    {
        var options = new DnsQueryOptions
        {
            UseTcpOnly = tcp,
            UseTcpFallback = false, // The caller does that, within the rate.
            Timeout = timeout,
            Retries = 0,
            UseCache = false,
            ContinueOnDnsError = false,
            ContinueOnEmptyResponse = false,
            ExtendedDnsBufferSize = DnsQueryOptions.MinimumBufferSize, // No EDNS0: an answer that is longer than 512 bytes is asked for over TCP.
        };
        try
        {
            var reply = await _client.QueryServerAsync(_server, question, options, cancel);
            return Replies.Unwanted(reply, question) is { } unwanted ? Foreign(unwanted) : new(reply, "", "");
        }
        catch (DnsXidMismatchException)
        {
            return Foreign("unknown_id");
        }
        catch (Exception e) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException("The question was cancelled.", e, cancel); // The package calls it a timeout.
        }
        catch (DnsResponseException e)
        {
            return Outcome(e, tcp);
        }
        catch (ObjectDisposedException)
        {
            return TimedOut; // The package closes the connection when time is up.
        }
        catch (InvalidOperationException)
        {
            return Ended; // A pooled connection that has just been closed.
        }
        catch (Exception e) when (e is DnsResponseParseException or ArgumentException)
        {
            return Malformed; // ArgumentException: an owner's label begins with xn-- and is no punycode.
        }
    }

    private static ServerOutcome Foreign(string unwanted) => new(null, "unwanted", "the reply was to another question") { Unwanted = unwanted };

    private static ServerOutcome Outcome(DnsResponseException e, bool tcp)
    {
        for (var inner = e.InnerException; inner is not null; inner = inner.InnerException)
        {
            if (inner is OperationCanceledException || (inner is TimeoutException && !tcp)) return TimedOut;
            if (inner is TimeoutException
                or SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown })
                return Ended;
            // The package's message names the server too.
            if (inner is SocketException { SocketErrorCode: var code })
                return new(null, "unreachable", new SocketException((int)code).Message.ToLowerInvariant());
        }

        // Over TCP a reply that calls itself cut is malformed. So is one that made the package's parser fail in a way that it does not expect.
        return e.InnerException is null && !tcp ? new(null, Truncated, "") : Malformed;
    }
}

/// <summary>What became of one question to one server.</summary>
/// <param name="Reply">The reply; null where there is none that can be used.</param>
/// <param name="Reason">Why there is none: a word from a closed set.</param>
/// <param name="Text">The same for people.</param>
internal readonly record struct ServerOutcome(IDnsQueryResponse? Reply, string Reason, string Text)
{
    /// <summary>Why a reply that came does not belong to the question; empty where none such came.</summary>
    public string Unwanted { get; init; } = "";

    /// <summary>True where the server, or somebody in its name, has sent anything.</summary>
    public bool IsHeard => Reply is not null || Reason is "malformed" or "unwanted" or ServerClient.Truncated;
}
