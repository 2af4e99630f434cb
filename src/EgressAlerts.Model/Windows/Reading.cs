namespace EgressAlerts.Model;

/// <summary>All that one window showed.</summary>
public sealed record Reading(Window Window, IReadOnlyList<Increment> Increments, Accounts Accounts)
{
    /// <summary>True where the window can never be read any more: what it showed is nothing, and it is skipped.</summary>
    public bool IsGone { get; init; }
}
