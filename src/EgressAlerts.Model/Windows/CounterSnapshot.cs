namespace EgressAlerts.Model;

/// <summary>The exported counters at the end of a window. Immutable.</summary>
/// <param name="Series">All series with the value that a scrape sees.</param>
/// <param name="Counted">Everything that was ever counted. It is the sum of what is exported, what waits and what was retired.</param>
/// <param name="ShownAsZero">New series with the value that they hold. A scrape sees 0 first, so that <c>rate()</c> and <c>increase()</c> see the first
/// increment.</param>
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
/// <param name="Live">Series that count against the limit. Those of <c>egress_destination_info</c> are among them.</param>
/// <param name="Overflow">Series of <c>__other__</c>. They do not count against the limit.</param>
/// <param name="RetiredSeries">How many series have ever given up their place.</param>
/// <param name="Limit">The most series that may be live.</param>
/// <param name="Wanted">Pairs of workload and destination that had a series within the last one to two days, or would have had one without a limit. Those
/// without a place are estimated within 2 %.</param>
/// <param name="Promoted">How many destinations have ever found a place after they had been summed in an overflow.</param>
/// <param name="RolledUp">Parents under which a workload's new destinations are summed now.</param>
/// <param name="Placed">How many increments have ever gone into a series of their destination.</param>
/// <param name="Overflowed">How many increments have ever gone into an overflow.</param>
public sealed record BudgetReport(
    int Live, int Overflow, long RetiredSeries, int Limit, long Wanted, long Promoted, int RolledUp, long Placed, long Overflowed);
