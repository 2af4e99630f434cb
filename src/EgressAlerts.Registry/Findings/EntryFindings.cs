namespace EgressAlerts.Registry;

/// <summary>Looks for entries that contradict each other, that open more than they say, or that nobody uses. Any thread.</summary>
public static class EntryFindings
{
    /// <summary>A registry with more findings than this needs another tool. Further ones are not listed.</summary>
    public const int Most = 1_000;

    /// <summary>How long a host has to be without traffic before it counts as unused.</summary>
    public static readonly TimeSpan UnusedAfter = TimeSpan.FromDays(30);

    /// <summary>What is found, in the order of the entries' names.</summary>
    public static IReadOnlyList<EntryFinding> Of(MeshRegistry registry, MeshMode mode) =>
        [.. registry.Entries.SelectMany(entry => Alone(entry, mode)).Concat(EntryPairs.Contradictions(registry, mode)).Take(Most)
            .OrderBy(finding => finding.Entry).ThenBy(finding => finding.Fault).ThenBy(finding => finding.Other)];

    /// <summary>Registered hosts that nobody has used for 30 days. Younger entries are left out.</summary>
    /// <param name="lastUsed">When each destination was used last, by its name.</param>
    /// <param name="since">Since when uses are remembered. With less than 30 days nothing is said.</param>
    public static IReadOnlyList<UnusedHost> Unused(
        MeshRegistry registry, IReadOnlyDictionary<string, DateTimeOffset> lastUsed, DateTimeOffset since, DateTimeOffset now)
    {
        if (now - since < UnusedAfter) return [];
        var uses = new HostUses(lastUsed);
        return
        [
            .. registry.Entries.Where(entry => entry.Created is not { } created || now - created >= UnusedAfter)
                .SelectMany(entry => entry.Hosts.Select(host => new UnusedHost(entry.Name, host, uses.LastOf(host))))
                .Where(unused => unused.LastUsed is not { } last || now - last >= UnusedAfter),
        ];
    }

    private static IEnumerable<EntryFinding> Alone(ServiceEntry entry, MeshMode mode)
    {
        if (mode == MeshMode.Ambient && entry.ExportTo.Any(to => to != "*"))
        {
            yield return new(
                EntryFault.ExportIgnored,
                entry.Name,
                null,
                $"ServiceEntry {entry.Name} has an exportTo, which ambient mode ignores: every namespace may use the entry.",
                "Attach an AuthorizationPolicy with targetRefs to the entry, and name the allowed namespaces in it.");
        }

        if (mode == MeshMode.Sidecar && entry.Addresses.Count == 0 && entry.Ports.FirstOrDefault(port => port.IsRaw) is { } raw)
        {
            yield return new(
                EntryFault.OpensPort,
                entry.Name,
                null,
                $"ServiceEntry {entry.Name} registers TCP on port {raw.Number} without addresses, so every address on that port is let out.",
                "Add the addresses of the service, or use the protocol TLS if the traffic is TLS.");
        }

        foreach (var host in entry.Hosts.Where(HostName.IsWildcard))
        {
            if (host == "*")
            {
                yield return new(
                    EntryFault.AnyHost,
                    entry.Name,
                    null,
                    $"ServiceEntry {entry.Name} registers every host.",
                    "List the hosts that are needed.");
            }
            else if (entry.Resolution == Resolution.None)
            {
                yield return new(
                    EntryFault.WildcardToAnyAddress,
                    entry.Name,
                    null,
                    $"ServiceEntry {entry.Name} sends traffic that claims a name of {host} to whatever address the client dialled.",
                    "List the hosts with resolution DNS, so that the proxy looks the address up itself.");
            }
            else if (entry.Resolution == Resolution.DynamicDns)
            {
                yield return new(
                    EntryFault.WildcardByClaim,
                    entry.Name,
                    null,
                    $"ServiceEntry {entry.Name} takes the client's word for which name of {host} it talks to.",
                    "List the hosts if any name of that domain belongs to somebody else.");
            }
        }
    }
}
