using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>What a raw series means: it counts for a counter, or it is left out for a reason.</summary>
/// <param name="Counter">Null where the series is left out.</param>
/// <param name="Excluded">Why it is left out; else empty.</param>
/// <param name="Job">The scrape job, which decides what is a baseline.</param>
/// <param name="Present">Which of the dimensions that a mesh must add itself the series has.</param>
internal sealed record SeriesMeaning(RawMetric Raw, CounterId? Counter, string Excluded, string Job, Dimensions Present)
{
    /// <summary>Whether a proxy that enforces AuthorizationPolicies counted it: a waypoint or an egress gateway.</summary>
    public bool CanRefuse { get; init; }

    public static SeriesMeaning LeftOut(RawMetric raw, string reason, string job) => new(raw, null, reason, job, Dimensions.None);
}

/// <summary>What Istio's metrics say only where a Telemetry resource adds it. <c>telemetry.labels</c> has the names of the labels.</summary>
[Flags]
internal enum Dimensions
{
    None = 0,
    DestinationIp = 1,
    DestinationPort = 2,
    Sni = 4,
    Host = 8,
    Path = 16,
    ResponseCodeDetails = 32,
}
