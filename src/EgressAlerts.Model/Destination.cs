namespace EgressAlerts.Model;

/// <summary>A destination with its name and the name's provenance. All texts are fit for a label.</summary>
/// <param name="Confirmed">True where the mesh, the user, a definition or DNS in both directions vouches for the name.</param>
public sealed record Destination(string Name, NameSource Source, bool Confirmed, string Owner = "", string Network = "", string Region = "");
