using EgressAlerts.Model;
using EgressAlerts.Registry;

namespace EgressAlerts.Web;

/// <summary>The page about ServiceEntries.</summary>
internal sealed class EntryPages(PageSources sources)
{
    public void Map(PageRoutes routes) => routes.MapPage<EntriesPage, EntriesModel>("/entries", Read);

    private PageResult<EntriesModel> Read(Arguments arguments)
    {
        var settings = sources.Pass.Settings;
        // Contacts are forgotten after detection.memory, so a shorter one could not show 30 days.
        var (since, last) = sources.Contacts.LastUses();
        if (settings.Detection.Memory < EntryFindings.UnusedAfter) since = null;
        var traffic = sources.Traffic.Current;
        if (traffic.Window is { } window)
        {
            // A policy may keep detection from looking. But what is exported was used within cardinality.idle_ttl.
            var exported = traffic.ByDestination.Keys.ToDictionary(name => name, _ => window.End - settings.Cardinality.IdleTtl);
            foreach (var (name, at) in last) exported[name] = at;
            last = exported;
        }

        return PageResult.Of("Entries", EntriesView.Of(
            arguments,
            sources.Pass.Mesh,
            settings.Registry,
            sources.EntryUses,
            traffic.Window?.End,
            since,
            last,
            sources.Time.GetUtcNow()));
    }
}

/// <summary>Makes the model of the page about ServiceEntries.</summary>
internal static class EntriesView
{
    private const int MaxWorkloads = 10;

    /// <param name="since">Since when uses are remembered.</param>
    /// <param name="last">When each destination was used last.</param>
    public static EntriesModel Of(
        Arguments arguments, MeshPicture? mesh, RegistryOptions options, EntryUses uses, DateTimeOffset? windowEnd, DateTimeOffset? since,
        IReadOnlyDictionary<string, DateTimeOffset> last, DateTimeOffset now)
    {
        var ns = arguments.Text("namespace");
        var registry = mesh?.Registry ?? MeshRegistry.Empty;
        bool IsChosen(ResourceName name) => ns.Length == 0 || name.Namespace == ns;

        var findings = (mesh?.Findings ?? []).Where(finding => IsChosen(finding.Entry)).ToList();
        var unused = since is { } from ? EntryFindings.Unused(registry, last, from, now).Where(host => IsChosen(host.Entry)) : [];
        var times = new HostUses(last);
        var page = RowsPage<ServiceEntry>.Of(arguments, [.. registry.Entries.Where(entry => IsChosen(entry.Name))]);
        return new(
            windowEnd,
            mesh is not null,
            mesh is null && options.Kubernetes.Watch,
            options.MeshMode.LabelValue(),
            ns,
            registry.Entries.Count,
            registry.Sidecars.Count,
            since,
            [.. findings.Select(finding => new EntryFindingRow(
                finding.Fault.LabelValue(), $"{finding.Entry}", finding.Other?.ToString() ?? "", finding.What, finding.Remedy))],
            [.. unused.Take(EntryFindings.Most).Select(host => new UnusedHostRow($"{host.Entry}", host.Host, host.LastUsed))],
            page.Select(entry => Row(entry, uses.Of(entry.Name), times, findings.Count(finding => finding.Entry == entry.Name))));
    }

    private static EntryRow Row(ServiceEntry entry, IReadOnlyList<PairTraffic> pairs, HostUses times, int findings)
    {
        var workloads = pairs.Select(pair => pair.Source.ToString()).Distinct().Order(StringComparer.Ordinal).ToList();
        return new(
            $"{entry.Name}",
            entry.Hosts,
            [.. entry.Addresses.Select(network => $"{network}")],
            [.. entry.Ports.Select(port => $"{port.Number} {port.Spelling}")],
            entry.Resolution.LabelValue().ToUpperInvariant(),
            entry.ExportTo,
            entry.Created,
            [.. workloads.Take(MaxWorkloads)],
            workloads.Count,
            pairs.Sum(pair => pair.Contacts),
            entry.Hosts.Max(times.LastOf),
            findings);
    }
}
