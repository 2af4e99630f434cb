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
    DateTimeOffset? LastNearMiss, string NearMissSource, string NearMissName);
