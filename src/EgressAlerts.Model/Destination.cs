namespace EgressAlerts.Model;

/// <summary>A destination with its name, and where the name came from. All texts may be label values.</summary>
/// <param name="Confirmed">True where the mesh, the user, a definition or DNS vouches that this name and the address belong together.</param>
/// <param name="Domain">The registrable domain of the name. Empty where the name is no host name.</param>
/// <param name="Site">The part of the name that belongs to one owner. It is the registrable domain, or what a provider's customer has below it, such as the
/// bucket <c>photos.s3.amazonaws.com</c>. Empty where the name is no host name.</param>
public sealed record Destination(
    string Name, NameSource Source, bool Confirmed, string Owner = "", string Network = "", string Region = "", string Domain = "", string Site = "")
{
    /// <summary>Whether the name stands for machines that may have different owners. Special ranges such as <c>private</c> do, and so does what reverse
    /// DNS says of a provider's machines, such as <c>*.compute-1.amazonaws.com</c>. Such a name does not say who is talked to.</summary>
    public bool IsShared => Source == NameSource.Special || (Source == NameSource.Ptr && Name.StartsWith("*.", StringComparison.Ordinal));
}
