namespace EgressAlerts.Model;

/// <summary>What lets anyone check the counters from outside.</summary>
/// <param name="BaselineEnd">The instant from which the exported counters have counted.</param>
/// <param name="Excluded">What was seen since then and left out, and what the baseline held.</param>
public sealed record Accounts(DateTimeOffset BaselineEnd, IReadOnlyList<ExcludedSum> Excluded);

/// <summary>What was left out of one metric for one reason.</summary>
public readonly record struct ExcludedSum(Metric Metric, string Reason, double Amount);
