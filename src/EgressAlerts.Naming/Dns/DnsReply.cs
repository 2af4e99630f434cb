using System.Net;

namespace EgressAlerts.Naming.Dns;

internal enum DnsOutcome
{
    /// <summary>At least one record of the asked type.</summary>
    Answer,

    /// <summary>NXDOMAIN or NODATA: the zone says that there is none.</summary>
    Negative,

    /// <summary>Nobody gave a usable answer.</summary>
    Failure,
}

/// <summary>What became of one question.</summary>
/// <param name="Names">The host names that may be label values, in the order of the answer. Only of a PTR question.</param>
/// <param name="Ttl">The least TTL of the records used, or what the SOA grants an absence. Zero where nothing says.</param>
/// <param name="Reason">Why the question failed: a word from a closed set, which is the label of the counter.</param>
internal sealed record DnsReply(DnsOutcome Outcome, IReadOnlyList<string> Names, IReadOnlyList<IPAddress> Addresses, TimeSpan Ttl, string Reason)
{
    /// <summary>How many names could not be label values.</summary>
    public int Refused { get; init; }

    /// <summary>Hosts and ports, in the order of the answer. Only of an SRV question.</summary>
    public IReadOnlyList<(string Host, int Port)> Services { get; init; } = [];

    /// <summary>The name at which a chain of aliases ends without a record. Only of an absence; null where there is no such chain.</summary>
    public string? Alias { get; init; }

    public static DnsReply Failed(string reason) => new(DnsOutcome.Failure, [], [], TimeSpan.Zero, reason);

    public static DnsReply Absent(TimeSpan ttl) => new(DnsOutcome.Negative, [], [], ttl, "");
}
