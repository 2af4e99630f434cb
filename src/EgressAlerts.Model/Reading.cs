namespace EgressAlerts.Model;

/// <summary>All that one window showed.</summary>
/// <param name="Baseline">True while counters are only taken as the point from which counting starts.</param>
public sealed record Reading(Window Window, bool Baseline, IReadOnlyList<Increment> Increments, Accounts Accounts)
{
    /// <summary>True where the window can never be read any more: what it showed is nothing, and it is skipped.</summary>
    public bool IsGone { get; init; }
}
