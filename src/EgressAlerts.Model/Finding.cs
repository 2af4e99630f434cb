namespace EgressAlerts.Model;

/// <summary>Something that a detector found to be true at the end of a window. Its identity is everything but the texts.</summary>
/// <param name="AlertName">One of the alert names of the contract.</param>
/// <param name="Severity"><c>critical</c>, <c>warning</c> or <c>info</c>.</param>
/// <param name="Destination">Empty where the finding is about the whole workload.</param>
/// <param name="NameSource">Null where the finding is about no destination, or says that its name is a false one.</param>
/// <param name="Confirmed">Whether somebody vouches for the destination's name, see <see cref="Model.Destination"/>.</param>
/// <param name="Since">The end of the window that first showed it.</param>
public sealed record Finding(
    string AlertName,
    string Severity,
    Workload Source,
    string Destination,
    DateTimeOffset Since,
    string Summary,
    string Description,
    NameSource? NameSource,
    bool Confirmed,
    string Evidence)
{
    /// <summary>The same as the description, short enough for a table.</summary>
    public FindingFacts Facts { get; init; } = FindingFacts.None;

    /// <summary>When the alert resolves, as a sentence. Empty where it never does.</summary>
    public string Ends { get; init; } = "";

    /// <summary>Who probably stands behind an egress gateway, as a sentence. Empty where nothing of it is known. It may change while the finding lasts.
    /// </summary>
    public string Behind { get; init; } = "";

    /// <summary>The first flow that showed it; null where the finding is about several.</summary>
    public Flow? Flow { get; init; }
}
