namespace EgressAlerts.Model;

/// <summary>An increment whose destination has a name.</summary>
/// <param name="Refuted">The client's claim about the destination, where DNS clearly contradicts it.</param>
public readonly record struct NamedIncrement(Increment Increment, Destination Destination, RefutedClaim? Refuted = null)
{
    public Flow Flow => Increment.Flow;
}

/// <summary>A name that a client claimed for an address to which it does not belong.</summary>
/// <param name="Source"><see cref="NameSource.Sni"/> or <see cref="NameSource.Host"/>.</param>
/// <param name="Evidence">What the name is instead, as the end of a sentence that begins with it.</param>
public sealed record RefutedClaim(string Name, NameSource Source, string Evidence);
