namespace EgressAlerts.Web;

/// <summary>The policies in their order, and what they matched.</summary>
/// <param name="WindowEnd">Until when hits are counted; null before the first window.</param>
public sealed record PoliciesModel(DateTimeOffset? WindowEnd, IReadOnlyList<PolicyRow> Policies);

/// <summary>A policy.</summary>
/// <param name="Conditions">What traffic must meet, each as a sentence's part. Empty where it matches all that the mesh lets out.</param>
/// <param name="Hits">How often it decided. Each workload's traffic with a destination counts once a window.</param>
/// <param name="NearMisses">How often only a verified name was missing.</param>
public sealed record PolicyRow(
    string Policy, string Action, string Severity, IReadOnlyList<string> Conditions, long Hits, DateTimeOffset? LastHit, long NearMisses,
    DateTimeOffset? LastNearMiss, string NearMissSource, string NearMissName)
{
    /// <summary><c>active</c>, <c>expired</c>, <c>shadowed</c> or <c>unused</c>.</summary>
    public string State { get; init; } = "active";

    /// <summary><c>usual</c> or <c>any</c>; empty where the action is not <c>allow</c>.</summary>
    public string Volume { get; init; } = "";

    public string Reason { get; init; } = "";

    public string Owner { get; init; } = "";

    /// <summary>The last instant at which it holds; null where it holds for good.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The policy file that it comes from; empty for the configuration itself.</summary>
    public string File { get; init; } = "";
}
