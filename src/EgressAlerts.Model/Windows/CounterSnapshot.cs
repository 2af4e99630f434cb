namespace EgressAlerts.Model;

/// <summary>The counters at the end of a window, within the budget; immutable.</summary>
/// <param name="Counted">Everything ever counted: exported, waiting, and retired.</param>
/// <param name="ShownAsZero">What series hold that show 0 first, so that <c>rate()</c> and <c>increase()</c> see their first increment.</param>
/// <param name="Retired">What idle series held when they were retired.</param>
public sealed record CounterSnapshot(
    Window Window,
    IReadOnlyList<ExportedSeries> Series,
    IReadOnlyList<Destination> Destinations,
    Totals Counted,
    IReadOnlyList<ExportedSeries> ShownAsZero,
    Totals Retired,
    BudgetReport Budget);

/// <summary>How the budget stands.</summary>
/// <param name="Live">Series that count against the limit, those of <c>egress_destination_info</c> among them.</param>
/// <param name="Overflow">Series of <c>__other__</c>, beside the limit.</param>
/// <param name="RetiredSeries">Series that gave their place up, ever.</param>
/// <param name="Limit">The most series that may be live.</param>
/// <param name="Wanted">Pairs of workload and destination that had, or would have had, a series within the last one to two days; what found no place is estimated within 2 %.</param>
/// <param name="Promoted">Destinations that found a place after they had been folded, ever.</param>
/// <param name="RolledUp">Parents under which a workload's new destinations are summed now.</param>
/// <param name="Placed">Increments that went into a series of their own, ever.</param>
/// <param name="Folded">Increments that went into an overflow, ever.</param>
public sealed record BudgetReport(int Live, int Overflow, long RetiredSeries, int Limit, long Wanted, long Promoted, int RolledUp, long Placed, long Folded);
