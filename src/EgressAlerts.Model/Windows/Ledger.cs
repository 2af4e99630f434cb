namespace EgressAlerts.Model;

/// <summary>What anyone outside needs to check the exported counters against Istio's own, as of the end of a window. Immutable.</summary>
/// <param name="BaselineEnd">The instant from which the exported counters have counted.</param>
/// <param name="Excluded">What was seen since then and left out, and what the baseline held.</param>
/// <param name="Waiting">Counted, but not yet in any series, because the name of the destination is being looked up.</param>
public sealed record Ledger(DateTimeOffset BaselineEnd, IReadOnlyList<ExcludedSum> Excluded, IReadOnlyList<Increment> Waiting);

/// <summary>What was left out of one metric for one reason.</summary>
public readonly record struct ExcludedSum(Metric Metric, string Reason, double Amount);
