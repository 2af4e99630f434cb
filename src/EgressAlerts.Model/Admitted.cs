namespace EgressAlerts.Model;

/// <summary>The counters at the end of a window, within the budget; immutable.</summary>
/// <param name="Counted">Everything ever counted: exported, waiting for a name, and retired.</param>
/// <param name="Waiting">Counted but not yet in any series.</param>
/// <param name="Retired">What idle series held when they were retired.</param>
/// <param name="Overflow">How many of the series are overflow, which the limit does not include.</param>
/// <param name="Limit">The most series that may be live beside the overflow.</param>
public sealed record Admitted(
    Window Window,
    Accounts Accounts,
    IReadOnlyList<ExportedSeries> Series,
    IReadOnlyList<Destination> Destinations,
    Totals Counted,
    IReadOnlyList<Increment> Waiting,
    Totals Retired,
    int Overflow,
    int Limit);
