namespace EgressAlerts.Model;

/// <summary>What anyone outside needs to check the exported counters against Istio's own, as of the end of a window. Immutable.</summary>
/// <param name="BaselineEnd">The instant from which the exported counters have counted.</param>
/// <param name="Excluded">What was seen since then and left out, and what the baseline held.</param>
/// <param name="Waiting">Counted, but not yet in any series, because the name of the destination is being looked up.</param>
public sealed record Ledger(DateTimeOffset BaselineEnd, IReadOnlyList<ExcludedSum> Excluded, IReadOnlyList<Increment> Waiting)
{
    /// <summary>The part of all that was counted or left out, other than by a baseline, which counters had when they were seen first. It is what
    /// <c>increase()</c> over Istio's own series misses.</summary>
    public Totals FirstValues { get; init; } = new();

    /// <summary>What <c>increase()</c> over the series that are read came to, as the servers computed it. An estimate.</summary>
    public Totals Expected { get; init; } = new();
}

/// <summary>What was left out of one metric for one reason.</summary>
public readonly record struct ExcludedSum(Metric Metric, string Reason, double Amount);
