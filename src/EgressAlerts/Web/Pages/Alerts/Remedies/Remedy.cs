namespace EgressAlerts.Web;

/// <summary>Something that one can do about an alert.</summary>
/// <param name="Title">What it does.</param>
/// <param name="Text">What it changes and what it leaves, in sentences.</param>
/// <param name="Snippet">YAML or a command to copy; empty where there is none.</param>
public sealed record Remedy(string Title, string Text, string Snippet);

/// <summary>What one can do about an alert: let it be, stop it, or hear nothing for a while.</summary>
/// <param name="SilenceUrl">Alertmanager's page with the silence filled in; empty where nobody has said where that is.</param>
public sealed record Remedies(IReadOnlyList<Remedy> Wanted, IReadOnlyList<Remedy> Block, IReadOnlyList<Remedy> Silence, string SilenceUrl);
