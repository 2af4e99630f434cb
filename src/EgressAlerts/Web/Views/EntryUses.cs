using System.Net;
using EgressAlerts.Model;
using EgressAlerts.Registry;

namespace EgressAlerts.Web;

/// <summary>Which ServiceEntry let out what the exported counters show. Immutable.</summary>
internal sealed class EntryUses
{
    public static readonly EntryUses None = new(null, new Traffic(null));

    private static readonly IReadOnlyList<PairTraffic> Nothing = [];

    private readonly Dictionary<(Workload Source, string Destination), List<string>> _entries = [];
    private readonly Dictionary<ResourceName, List<PairTraffic>> _uses = [];

    /// <param name="mesh">Null where the registry was not given.</param>
    public EntryUses(MeshPicture? mesh, Traffic traffic)
    {
        if (mesh is null) return;
        foreach (var pair in traffic.Pairs)
        {
            var to = traffic.Find(pair.Destination);
            IReadOnlyList<IPAddress> addresses = IPAddress.TryParse(pair.Destination, out var address) ? [address] : [];
            foreach (var way in pair.Ways)
            {
                if (way.Route == Route.Blocked) continue;
                if (mesh.Door.EntryOf(new(pair.Source, to, way.Port, way.Route, way.Protocol, addresses)) is { } entry) Add(entry.Name, pair);
            }
        }
    }

    /// <summary>The entries that let out what a workload did with a destination, as namespace/name.</summary>
    public IReadOnlyList<string> Of(Workload source, string destination) => _entries.GetValueOrDefault((source, destination), []);

    /// <summary>What an entry let out.</summary>
    public IReadOnlyList<PairTraffic> Of(ResourceName entry) => _uses.TryGetValue(entry, out var pairs) ? pairs : Nothing;

    private void Add(ResourceName entry, PairTraffic pair)
    {
        if (!_entries.TryGetValue((pair.Source, pair.Destination), out var entries)) _entries.Add((pair.Source, pair.Destination), entries = []);
        if (entries.Contains(entry.ToString())) return;
        entries.Add(entry.ToString());
        if (!_uses.TryGetValue(entry, out var pairs)) _uses.Add(entry, pairs = []);
        pairs.Add(pair);
    }
}

/// <summary>Makes <see cref="EntryUses"/> when a page first asks for them. Any thread.</summary>
internal sealed class EntryUsesView
{
    private readonly Lock _lock = new();
    private (MeshPicture? Mesh, Traffic? Traffic) _of;
    private EntryUses _uses = EntryUses.None;

    public EntryUses Of(MeshPicture? mesh, Traffic traffic)
    {
        lock (_lock)
        {
            if (ReferenceEquals(_of.Mesh, mesh) && ReferenceEquals(_of.Traffic, traffic)) return _uses;
            (_of, _uses) = ((mesh, traffic), new EntryUses(mesh, traffic));
            return _uses;
        }
    }
}
