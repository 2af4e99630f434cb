namespace EgressAlerts.Registry;

/// <summary>Finds entries that contradict each other in the eyes of one workload.</summary>
internal static class EntryPairs
{
    public static IEnumerable<EntryFinding> Contradictions(MeshRegistry registry, MeshMode mode) =>
        // Ambient gives each host an address of its own, so only hosts can be there twice.
        mode == MeshMode.Ambient ? Hosts(registry, mode) : Hosts(registry, mode).Concat(Ports(registry));

    private static IEnumerable<EntryFinding> Hosts(MeshRegistry registry, MeshMode mode) =>
        from pair in registry.Entries.SelectMany(entry => entry.Hosts.Distinct().Select(host => (host, entry))).GroupBy(pair => pair.host, pair => pair.entry)
        let entries = pair.ToList()
        where entries.Count > 1
        let first = entries.OrderBy(entry => entry.Created ?? DateTimeOffset.MaxValue).ThenBy(entry => entry.Name.Name, StringComparer.Ordinal).First()
        from other in entries
        where other != first && !IsMerged(first, other) && (mode == MeshMode.Ambient || IsSeenWith(first, other))
        select new EntryFinding(
            EntryFault.HostTwice,
            other.Name,
            first.Name,
            $"ServiceEntry {other.Name} and the older {first.Name} both register {pair.Key}, and each workload uses only one of them.",
            "Keep one entry for the host, with all its ports.");

    /// <summary>Each entry with raw TCP is compared with the first other one, so that a thousand of them are not a million findings.</summary>
    private static IEnumerable<EntryFinding> Ports(MeshRegistry registry)
    {
        foreach (var port in registry.Entries.SelectMany(entry => entry.Ports.Select(port => (port, entry))).GroupBy(pair => pair.port.Number))
        {
            var all = port.ToList();
            var open = all.Where(one => one.port.IsRaw && one.entry.Addresses.Count == 0).Select(one => one.entry).ToList();
            foreach (var entry in open)
            {
                if (open.Find(one => one != entry && IsSeenWith(one, entry)) is { } twice && twice.Name < entry.Name)
                {
                    yield return new(
                        EntryFault.RawPortTwice,
                        entry.Name,
                        twice.Name,
                        $"ServiceEntry {entry.Name} and {twice.Name} both take all TCP on port {port.Key}, and only one of them gets it.",
                        "Give both entries addresses.");
                }

                if (all.Find(one => one.port.IsTls && one.entry != entry && IsSeenWith(one.entry, entry)) is { entry: { } tls })
                {
                    yield return new(
                        EntryFault.TakesTls,
                        entry.Name,
                        tls.Name,
                        $"ServiceEntry {entry.Name} takes all TCP on port {port.Key}. TLS to other hosts there goes to it, "
                        + $"next to ServiceEntry {tls.Name} (istio/istio#58696).",
                        "Use the protocol TLS, or give the entry addresses.");
                }
            }
        }
    }

    private static bool IsMerged(ServiceEntry first, ServiceEntry other) =>
        first.Name.Namespace == other.Name.Namespace && first.Resolution == other.Resolution && first.ExportTo.ToHashSet().SetEquals(other.ExportTo);

    /// <summary>Whether one namespace can see both. Sidecars may still keep them apart.</summary>
    private static bool IsSeenWith(ServiceEntry one, ServiceEntry other) =>
        Seen(one).Any(ns => ns == "*" || other.IsExportedTo(ns)) && Seen(other).Any(ns => ns == "*" || one.IsExportedTo(ns));

    private static IEnumerable<string> Seen(ServiceEntry entry) =>
        entry.ExportTo.Count == 0 ? ["*"] : entry.ExportTo.Where(to => to != "~").Select(to => to == "." ? entry.Name.Namespace : to);
}
