using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>The pages about workloads.</summary>
internal sealed class WorkloadPages(PageSources sources)
{
    private static readonly string[] Sorts = ["upload", "download", "destinations", "refused", "firing", "name"];

    public void Map(PageRoutes routes)
    {
        routes.MapPage<WorkloadsPage, WorkloadsModel>("/workloads", ListAsync);
        routes.MapPage<WorkloadPage, WorkloadModel>("/workloads/{namespace}/{name}", OneAsync);
    }

    private async Task<PageResult<WorkloadsModel>> ListAsync(Arguments arguments, CancellationToken cancel)
    {
        var (cluster, ns, search, sort) =
            (arguments.Text("cluster"), arguments.Text("namespace"), arguments.Text("search"), arguments.OneOf("sort", Sorts));
        var (traffic, learned) = (sources.Traffic.Current, sources.Contacts.Learned());
        var firing = sources.Pass.Alerts.Where(alert => alert.ResolvedAt is null).CountBy(alert => Workload.Of(alert.Labels)).ToDictionary();
        var rows = traffic.BySource
            .Where(entry => (ns.Length == 0 || entry.Key.Namespace == ns) && (cluster.Length == 0 || entry.Key.Cluster == cluster)
                && entry.Key.ToString().Contains(search, StringComparison.OrdinalIgnoreCase))
            .Select(entry => new WorkloadRow(
                entry.Key.Cluster,
                entry.Key.Namespace,
                entry.Key.Name,
                entry.Value.Count,
                entry.Value.Sum(pair => pair.Upload),
                entry.Value.Sum(pair => pair.Download),
                entry.Value.Sum(pair => pair.Refused),
                firing.GetValueOrDefault(entry.Key),
                learned.TryGetValue(sources.GroupOf(entry.Key), out var at) ? at : null,
                []));
        var page = RowsPage<WorkloadRow>.Of(arguments, [.. Sorted(rows, sort)]);
        if (arguments.Complaint is not null) return PageResult.Missing<WorkloadsModel>("Workloads", "");
        var shown = page.Rows.Select(row => row.Source).ToList();
        var sent = shown.Count == 0
            ? new Dictionary<string, IReadOnlyList<double>>()
            : await sources.History.SentAsync(TrafficQueries.ByWorkload, TrafficQueries.Sources(shown), cancel);
        return PageResult.Of("Workloads", new WorkloadsModel(
            traffic.Window?.End,
            cluster,
            ns,
            search,
            sort,
            traffic.Clusters,
            [.. traffic.BySource.Keys.Select(source => source.Namespace).Distinct().Order(StringComparer.Ordinal)],
            Span,
            page.Select(row => row with { Sent = sent.GetValueOrDefault(TrafficQueries.KeyOf(row.Source), []) })));
    }

    private async Task<PageResult<WorkloadModel>> OneAsync(Arguments arguments, CancellationToken cancel)
    {
        var (source, clusters) = SourceOf(arguments);
        var sort = arguments.OneOf("sort", [.. PairRows.Sorts]);
        var (traffic, group, settings) = (sources.Traffic.Current, sources.GroupOf(source), sources.Pass.Settings.Detection);
        var (pairs, contacts) = (traffic.Of(source), sources.Contacts.Of(group));
        if (pairs.Count == 0 && contacts.Count == 0)
        {
            return PageResult.Missing<WorkloadModel>(
                "No such workload",
                $"Nothing is known of a workload {QuotedText.Of(source.ToString(), 200)}. The page of all workloads lists those that are known.");
        }

        DateTimeOffset? learnedAt = sources.Contacts.Learned().TryGetValue(group, out var at) ? at : null;
        var alerts = sources.Pass.Alerts;
        var uses = sources.EntryUses;
        var policies = sources.Pass.Verdicts;
        var rows = pairs.Select(pair =>
        {
            var (to, times) = (traffic.Find(pair.Destination), contacts.GetValueOrDefault(pair.Destination));
            var isAllowed = PairRows.IsAllowed(policies, pair, to);
            var row = PairRows.Row(pair, to, times, PairRows.State(pair, times, learnedAt, alerts, isAllowed, sources.Time.GetUtcNow()));
            return row with { Entries = uses.Of(pair.Source, pair.Destination) };
        });
        var page = RowsPage<PairRow>.Of(arguments, [.. PairRows.Sorted(rows, sort, row => row.Destination)]);
        if (arguments.Complaint is not null) return PageResult.Missing<WorkloadModel>("Workload", "");
        var sent = pairs.Count == 0
            ? new Dictionary<string, IReadOnlyList<double>>()
            : await sources.History.SentAsync("destination", TrafficQueries.Source(source), cancel);
        var own = settings.Overrides.FirstOrDefault(entry => entry.Workloads.Any(pattern => pattern.Matches(group)))?.Options ?? settings;
        return PageResult.Of(source.ToString(), new WorkloadModel(
            traffic.Window?.End,
            source.Cluster,
            clusters,
            source.Namespace,
            source.Name,
            learnedAt,
            new(DurationText.Rounded(own.Learning), DurationText.Rounded(own.UploadSpike.Learning)),
            contacts.Count > 0 ? contacts.Values.Min(times => times.First) : null,
            contacts.Count > 0 ? contacts.Values.Max(times => times.Last) : null,
            sources.Contacts.UsualUpload(group) is { } state ? UsualUpload.Read(state, own.UploadSpike, sources.Time.GetUtcNow()) : null,
            [.. settings.Overrides.Index().Where(entry => ReferenceEquals(entry.Item.Options, own)).Select(entry => entry.Index)],
            group == source ? "" : group.ToString(),
            sort,
            Span,
            [.. AlertRow.Firing(alerts).Where(alert => alert.Source == group)],
            page.Select(row => row with { Sent = sent.GetValueOrDefault(row.Destination, []) }))
        {
            FirstHops = sources.Hops.Into(source),
        });
    }

    /// <summary>The workload that is asked for, and the clusters that have one of this name. Without a cluster it is that of the first one.</summary>
    private (Workload Source, IReadOnlyList<string> Clusters) SourceOf(Arguments arguments)
    {
        var (ns, name, cluster) = (arguments.Part("namespace"), arguments.Part("name"), arguments.Text("cluster"));
        var clusters = sources.ClustersOf(ns, name);
        return (new(ns, name, cluster.Length > 0 ? cluster : clusters.FirstOrDefault("")), clusters);
    }

    private string Span => DurationText.Rounded(sources.History.Length);

    private static IEnumerable<WorkloadRow> Sorted(IEnumerable<WorkloadRow> rows, string sort)
    {
        var byName = rows.OrderBy(row => row.SourceWorkloadNamespace, StringComparer.Ordinal).ThenBy(row => row.SourceWorkload, StringComparer.Ordinal)
            .ThenBy(row => row.SourceCluster, StringComparer.Ordinal);
        return sort switch
        {
            "download" => byName.OrderByDescending(row => row.DownloadBytes),
            "destinations" => byName.OrderByDescending(row => row.Destinations),
            "refused" => byName.OrderByDescending(row => row.Refused),
            "firing" => byName.OrderByDescending(row => row.Firing),
            "name" => byName,
            _ => byName.OrderByDescending(row => row.UploadBytes),
        };
    }
}
