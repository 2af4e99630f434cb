using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Naming;

namespace EgressAlerts.Explain;

/// <summary>What the service makes of some traffic: the name, the policies and the detectors, each with the reason.</summary>
/// <param name="Source">The workload as <c>namespace/workload</c>; empty where nobody gave one.</param>
/// <param name="IsFinal">False while DNS may still change the name.</param>
/// <param name="Refuted">What DNS says about a claimed name that it contradicts; empty for none.</param>
/// <param name="Rungs">The sources of names in the order of trust, up to the one that names the destination.</param>
public sealed record Explanation(
    string Source, string Address, string Port, string Route, string Name, string NameSource, bool Confirmed, bool IsFinal, string Owner, string Network,
    string Region, string Domain, string Site, string Refuted, IReadOnlyList<NameRung> Rungs, IReadOnlyList<DnsFact> Dns, DetectionExplanation Detection)
{
    /// <param name="learning">What is known of the workload, or of its group.</param>
    /// <param name="most">How long DNS may take.</param>
    internal static async Task<Explanation> MakeAsync(
        ExplainQuery query, Namer naming, Detectors detection, LearningExplanation learning, TimeSpan most, TimeProvider time, CancellationToken cancel)
    {
        var (flow, to) = (query.Flow, query.Flow.To);
        var named = await naming.ExplainAsync(to, most, cancel);
        var found = named.Destination;
        return new(
            flow.Source.Name.Length > 0 ? $"{flow.Source}" : "", $"{to.Address}", to.Port, flow.Route.LabelValue(), found.Name, found.Source.LabelValue(),
            found.Confirmed, named.IsFinal, found.Owner, found.Network, found.Region, found.Domain, found.Site,
            named.Refuted is { } claim ? $"{claim.Name} {claim.Evidence}" : "", named.Rungs, named.Dns,
            detection.Explain(flow, found, named.Refuted, learning, time.GetUtcNow()));
    }
}
