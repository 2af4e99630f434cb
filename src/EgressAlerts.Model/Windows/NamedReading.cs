namespace EgressAlerts.Model;

/// <summary>A window with names.</summary>
/// <param name="Increments">First what earlier windows showed and what has its final name since this one. Then everything that this window showed,
/// under the best name that is known now.</param>
public sealed record NamedReading(Window Window, IReadOnlyList<NamedIncrement> Increments);
