namespace EgressAlerts.MeshSimulator;

/// <summary>A story that a mesh plays: what happens in each tick, and what DNS says about the addresses in it.</summary>
/// <param name="Step">One tick; must take all chance from <see cref="World.Random"/>.</param>
/// <param name="RememberedScrapes">How many scrapes the truth can look back; 0 where nobody will ask.</param>
public sealed record Scenario(string Name, TimeSpan Tick, Action<World> Step, DnsZone Zone, int RememberedScrapes = 2000);
