using System.Net;
using EgressAlerts.Common;

namespace EgressAlerts.Naming.Dns;

/// <summary>The <c>dns</c> section of the configuration.</summary>
public sealed record DnsOptions : ICheckedOptions
{
    /// <summary>Where to ask; empty means the name servers of <c>/etc/resolv.conf</c>.</summary>
    [NameServer]
    public IReadOnlyList<IPEndPoint> Servers { get; init; } = [];

    /// <summary>How questions travel.</summary>
    public DnsTransport Transport { get; init; } = DnsTransport.Tcp;

    /// <summary>The timeout where neither the configuration nor <c>/etc/resolv.conf</c> sets one.</summary>
    public static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The attempts where neither the configuration nor <c>/etc/resolv.conf</c> sets them.</summary>
    public const int UsualAttempts = 2;

    /// <summary>How long one server may take over one question. Null where the configuration does not set it: then the option
    /// <c>timeout</c> of <c>/etc/resolv.conf</c> holds, if its servers are asked, else <see cref="UsualTimeout"/>.</summary>
    [Duration("10ms", "30s"), Unset("2s")]
    public TimeSpan? Timeout { get; init; }

    /// <summary>How often a question is asked before it counts as failed, each time of the next server. Null where the configuration does not
    /// set it: then the option <c>attempts</c> of <c>/etc/resolv.conf</c> holds, if its servers are asked, else <see cref="UsualAttempts"/>.</summary>
    [Count(1, 5), Unset("2")]
    public int? Attempts { get; init; }

    /// <summary>Addresses looked up at a time.</summary>
    [Count(1, 10_000)]
    public int MaxInFlight { get; init; } = 100;

    /// <summary>Questions a second, sustained; a burst may be twice that. A cluster's resolver is shared.</summary>
    [Count(1, 1_000_000)]
    public int QueriesPerSecond { get; init; } = 50;

    /// <summary>Whether names are resolved: PTR names, to see whether they lead back to their address, and those that clients claim.
    /// Where it is false, no such name is confirmed and no claim checked.</summary>
    public bool Confirm { get; init; } = true;

    /// <summary>Whether private addresses are asked about too.</summary>
    public bool ReversePrivate { get; init; }

    /// <summary>Addresses remembered; beyond it those unused for longest are forgotten.</summary>
    [Key("cache.max_entries"), Count(100, 10_000_000)]
    public int MaxEntries { get; init; } = 100_000;

    /// <summary>No answer is asked for again sooner.</summary>
    [Key("cache.min_ttl"), Duration("1s", "1d")]
    public TimeSpan MinTtl { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>No name is believed for longer, whatever its TTL says.</summary>
    [Key("cache.max_ttl"), Duration("1s", "7d")]
    public TimeSpan MaxTtl { get; init; } = TimeSpan.FromHours(24);

    /// <summary>No absence of a name is believed for longer.</summary>
    [Key("cache.max_negative_ttl"), Duration("1s", "1d")]
    public TimeSpan MaxNegativeTtl { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a name is still used after its TTL while DNS does not answer.</summary>
    [Key("cache.stale"), Duration("0s", "7d")]
    public TimeSpan Stale { get; init; } = TimeSpan.FromHours(24);

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (MaxTtl < MinTtl) yield return ("cache.max_ttl", "is shorter than min_ttl");
        if (MaxNegativeTtl < MinTtl) yield return ("cache.max_negative_ttl", "is shorter than min_ttl");
    }
}

/// <summary>How questions travel to name servers.</summary>
public enum DnsTransport
{
    /// <summary>Over TCP, which every name server speaks (RFC 7766). Nobody but the server can answer.</summary>
    Tcp,

    /// <summary>Over UDP, and over TCP where an answer does not fit into a datagram. Whoever guesses the port and the id of a question can answer in the
    /// server's place.</summary>
    Udp,
}

/// <summary>The address of a name server. Without a port it is 53.</summary>
internal sealed class NameServerAttribute()
    : ValueAttribute("text", "is not an address with an optional port, such as 10.96.0.10 or 10.96.0.10:53")
{
    private const int Port = 53;

    public override object? Parse(string text) =>
        IPEndPoint.TryParse(text, out var endpoint) ? new IPEndPoint(endpoint.Address, endpoint.Port == 0 ? Port : endpoint.Port) : null;
}
