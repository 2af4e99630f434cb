using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>What a raw series counts: a flow's metric, or something that is left out for a reason.</summary>
/// <param name="Present">Which of the dimensions that a mesh must add itself the series has.</param>
/// <param name="Facts">What policies ask for, see <see cref="PolicyFacts"/>.</param>
internal sealed record Classified(RawMetric Raw, Flow? Flow, string ResponseCode, string ResponseFlags, string Excluded, string Job, Dimensions Present, string Facts = "")
{
    public Metric Metric => Raw.Metric;

    public static Classified Out(RawMetric raw, string reason, string job) => new(raw, null, "", "", reason, job, Dimensions.None);
}

/// <summary>What Istio's metrics do not say unless a Telemetry resource adds it; the names of their labels are <c>telemetry.labels</c>.</summary>
[Flags]
internal enum Dimensions
{
    None = 0,
    DestinationIp = 1,
    DestinationPort = 2,
    Sni = 4,
    Host = 8,
    Path = 16,
}
