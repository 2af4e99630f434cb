namespace EgressAlerts.Model;

/// <summary>A destination with its name and the name's provenance. All texts are fit for a label.</summary>
/// <param name="Confirmed">True where the mesh, the user, a definition or DNS vouches that this name and the address belong together.</param>
/// <param name="Domain">The registrable domain of the name; empty where it is no host name.</param>
/// <param name="Site">What belongs to one owner: the registrable domain, or below that what a provider's customer has (whole Public Suffix List), such as a
/// bucket's <c>photos.s3.amazonaws.com</c>; empty where it is no host name.</param>
public sealed record Destination(string Name, NameSource Source, bool Confirmed, string Owner = "", string Network = "", string Region = "", string Domain = "", string Site = "")
{
    /// <summary>Whether the name stands for machines that need not have an owner in common: special ranges such as <c>private</c>, and what reverse DNS says of a
    /// provider's machines, such as <c>*.compute-1.amazonaws.com</c>. It is a good label, but it does not say who is talked to.</summary>
    public bool IsShared => Source == NameSource.Special || (Source == NameSource.Ptr && Name.StartsWith("*.", StringComparison.Ordinal));
}
