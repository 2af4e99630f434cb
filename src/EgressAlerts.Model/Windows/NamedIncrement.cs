namespace EgressAlerts.Model;

/// <summary>An increment whose destination has a name.</summary>
/// <param name="Refuted">The client's claim about the destination, where DNS clearly contradicts it.</param>
/// <param name="SeenAt">The end of the window that showed it, where that is an earlier one.</param>
public readonly record struct NamedIncrement(
    Increment Increment, Destination Destination, RefutedClaim? Refuted = null, NameStage Stage = NameStage.Final, DateTimeOffset? SeenAt = null)
{
    public Flow Flow => Increment.Flow;

    /// <summary>Whether this window showed the increment.</summary>
    public bool IsSeen => Stage != NameStage.FinalLater;

    /// <summary>Whether the increment is counted in this window, because its name will not change any more.</summary>
    public bool IsFinal => Stage != NameStage.Open;
}

/// <summary>Which window showed an increment, and whether its name is final.</summary>
public enum NameStage
{
    /// <summary>This window showed it, and its name is final.</summary>
    Final,

    /// <summary>This window showed it. DNS may still change its name, so a later window counts it.</summary>
    Open,

    /// <summary>An earlier window showed it. Its name is final since this window.</summary>
    FinalLater,
}

/// <summary>A name that a client claimed for an address to which it does not belong.</summary>
/// <param name="Source"><see cref="NameSource.Sni"/> or <see cref="NameSource.Host"/>.</param>
/// <param name="Evidence">What the name is instead, as the end of a sentence that begins with it.</param>
public sealed record RefutedClaim(string Name, NameSource Source, string Evidence);
