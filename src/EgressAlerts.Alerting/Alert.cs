namespace EgressAlerts.Alerting;

/// <summary>An alert and where it stands. Immutable; its labels are its identity.</summary>
/// <param name="StartsAt">The end of the window whose finding made it fire.</param>
/// <param name="ResolvedAt">The end of the window that no longer showed the finding; null while it fires.</param>
public sealed record Alert(
    string Fingerprint,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyDictionary<string, string> Annotations,
    DateTimeOffset StartsAt,
    DateTimeOffset? ResolvedAt,
    string GeneratorUrl);
