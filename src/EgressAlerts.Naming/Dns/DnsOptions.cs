using System.Net;

namespace EgressAlerts.Naming.Dns;

/// <summary>The <c>dns</c> section of the configuration.</summary>
public sealed record DnsOptions
{
    /// <summary>Where to ask; empty means the name servers of <c>/etc/resolv.conf</c>.</summary>
    public IReadOnlyList<IPEndPoint> Servers { get; init; } = [];

    /// <summary>How questions travel.</summary>
    public DnsTransport Transport { get; init; } = DnsTransport.Tcp;

    /// <summary>The timeout where neither the configuration nor <c>/etc/resolv.conf</c> sets one.</summary>
    public static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The attempts where neither the configuration nor <c>/etc/resolv.conf</c> sets them.</summary>
    public const int UsualAttempts = 2;

    /// <summary>How long one server may take over one question; 10 ms to 30 s. Null where the configuration does not set it: then the option
    /// <c>timeout</c> of <c>/etc/resolv.conf</c> holds, if its servers are asked, else <see cref="UsualTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How often a question is asked before it counts as failed, each time of the next server; 1 to 5. Null where the configuration does not
    /// set it: then the option <c>attempts</c> of <c>/etc/resolv.conf</c> holds, if its servers are asked, else <see cref="UsualAttempts"/>.</summary>
    public int? Attempts { get; init; }

    /// <summary>Addresses looked up at a time; 1 to 10,000.</summary>
    public int MaxInFlight { get; init; } = 100;

    /// <summary>Questions a second, sustained; a burst may be twice that. A cluster's resolver is shared.</summary>
    public int QueriesPerSecond { get; init; } = 50;

    /// <summary>Whether names are resolved: PTR names, to see whether they lead back to their address, and those that clients claim.
    /// Where it is false, no such name is confirmed and no claim checked.</summary>
    public bool Confirm { get; init; } = true;

    /// <summary>Whether private addresses are asked about too.</summary>
    public bool ReversePrivate { get; init; }

    /// <summary>Addresses remembered; beyond it those unused for longest are forgotten.</summary>
    public int MaxEntries { get; init; } = 100_000;

    /// <summary>No answer is asked for again sooner.</summary>
    public TimeSpan MinTtl { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>No name is believed for longer, whatever its TTL says.</summary>
    public TimeSpan MaxTtl { get; init; } = TimeSpan.FromHours(24);

    /// <summary>No absence of a name is believed for longer.</summary>
    public TimeSpan MaxNegativeTtl { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a name is still used after its TTL while DNS does not answer.</summary>
    public TimeSpan Stale { get; init; } = TimeSpan.FromHours(24);
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
