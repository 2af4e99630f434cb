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
/// <param name="Names">Of a PTR question: host names fit for a label, in the order of the answer.</param>
/// <param name="Ttl">Least TTL of the records used, or what the SOA grants an absence; zero where nothing says.</param>
/// <param name="Reason">Of a failure: a word from a closed set, the label of its counter.</param>
internal sealed record DnsReply(DnsOutcome Outcome, IReadOnlyList<string> Names, IReadOnlyList<IPAddress> Addresses, TimeSpan Ttl, string Reason)
{
    /// <summary>How many names were not fit for a label.</summary>
    public int Refused { get; init; }

    /// <summary>Of an SRV question: host and port, in the order of the answer.</summary>
    public IReadOnlyList<(string Host, int Port)> Services { get; init; } = [];

    /// <summary>Of an absence: the name at which a chain of aliases ends without a record; null where there is no such chain.</summary>
    public string? Alias { get; init; }

    public static DnsReply Failed(string reason) => new(DnsOutcome.Failure, [], [], TimeSpan.Zero, reason);

    public static DnsReply Absent(TimeSpan ttl) => new(DnsOutcome.Negative, [], [], ttl, "");
}
