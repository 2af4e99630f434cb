using EgressAlerts.Common;

namespace EgressAlerts.Web;

/// <summary>The configuration in use, secrets hidden.</summary>
/// <param name="File">Where it was read from.</param>
/// <param name="LoadedAt">When; null where the database does not know.</param>
/// <param name="Refused">Why a later one was refused; empty where none was.</param>
public sealed record ConfigModel(string File, DateTimeOffset? LoadedAt, string Refused, IReadOnlyList<EffectiveOption> Options);
