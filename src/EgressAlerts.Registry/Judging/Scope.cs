using System.Collections.Concurrent;

namespace EgressAlerts.Registry;

/// <summary>What workloads of one namespace see of the registry, under one Sidecar or under none. Any thread.</summary>
internal sealed class Scope(EntryIndex index, string ns, Sidecar? sidecar, MeshMode mode)
{
    private readonly Imports _imports = new(sidecar, ns);
    private readonly ConcurrentDictionary<int, PortView> _ports = [];

    public string Namespace => ns;

    public Sidecar? Sidecar => sidecar;

    public MeshMode Mode => mode;

    public EntryIndex Index => index;

    /// <summary>Null where the namespace of what is looked for is not known and would decide.</summary>
    public bool? Imports(string? of, string host, int port) => mode == MeshMode.Ambient ? true : _imports.Has(of, host, port);

    /// <summary>Whether the proxies know of a host of an entry on a port.</summary>
    public bool Sees(ServiceEntry entry, string host, int port) => mode == MeshMode.Ambient
        // Ambient ignores exportTo and Sidecars. It knows wildcards only where the waypoint looks each name up.
        ? !HostName.IsWildcard(host) || entry.Resolution == Resolution.DynamicDns
        : entry.IsExportedTo(ns) && _imports.Has(entry.Name.Namespace, host, port) == true;

    /// <summary>The entry that a registered host stands for on a port, and its port. Null where there is none to be seen.</summary>
    public (ServiceEntry Entry, EntryPort Port)? Find(string host, int port)
    {
        ServiceEntry? first = null;
        foreach (var entry in index.WithHost(host))
        {
            if (!Sees(entry, host, port)) continue;
            // The workload's own namespace wins, then the oldest entry.
            if (first is null || (first.Name.Namespace != ns && entry.Name.Namespace == ns)) first = entry;
        }

        if (first is null) return null;
        if (PortOf(first, port) is { } found) return (first, found);
        foreach (var entry in index.WithHost(host))
        {
            // Entries of one host and namespace are merged, unless they differ in more than their ports.
            if (entry.Name.Namespace == first.Name.Namespace && entry.Resolution == first.Resolution && entry.ExportTo.ToHashSet().SetEquals(first.ExportTo)
                && Sees(entry, host, port) && PortOf(entry, port) is { } merged)
                return (entry, merged);
        }

        return null;
    }

    public PortView Port(int port) => _ports.TryGetValue(port, out var known) ? known : _ports.GetOrAdd(port, View(port));

    private PortView View(int port)
    {
        var openings = index.OnPort(port)
            .SelectMany(entry => entry.Hosts.Where(host => Find(host, port)?.Entry == entry).Select(host => (Entry: entry, Port: PortOf(entry, port)!)))
            .Distinct()
            .ToList();
        return new(
            [.. openings.Where(one => one.Port.IsRaw).Select(one => one.Entry).Distinct()],
            openings.Find(one => one.Port.IsTls).Entry,
            openings.Find(one => one.Port.IsHttp).Entry);
    }

    private static EntryPort? PortOf(ServiceEntry entry, int port)
    {
        foreach (var one in entry.Ports)
        {
            if (one.Number == port) return one;
        }

        return null;
    }
}

/// <summary>What can let traffic out on one port.</summary>
/// <param name="Raw">Entries by which address and port decide.</param>
/// <param name="Tls">An entry by which the server name decides; null where there is none.</param>
/// <param name="Http">An entry by which the Host header decides; null where there is none.</param>
internal sealed record PortView(ServiceEntry[] Raw, ServiceEntry? Tls, ServiceEntry? Http);
