using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>What a raw series counts: a flow's metric, or something that is left out for a reason.</summary>
internal sealed record Classified(Metric Metric, Flow? Flow, string ResponseCode, string ResponseFlags, string Excluded, string Job)
{
    public static Classified Out(RawMetric raw, string reason, string job) => new(raw.Metric, null, "", "", reason, job);
}
