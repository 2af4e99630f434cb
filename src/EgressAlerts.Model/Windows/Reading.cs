namespace EgressAlerts.Model;

/// <summary>All that one window showed: one increment for each counter that grew.</summary>
public sealed record Reading(Window Window, IReadOnlyList<Increment> Increments)
{
    /// <summary>True where Prometheus has lost the data of the window. The window then counts nothing and is skipped.</summary>
    public bool IsGone { get; init; }
}
