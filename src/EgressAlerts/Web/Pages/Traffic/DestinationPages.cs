using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>The pages about destinations.</summary>
internal sealed class DestinationPages(PageSources sources)
{
    private static readonly string[] Sorts = ["upload", "download", "contacts", "workloads", "name"];
    private static readonly string[] NameSources = ["", .. Enum.GetValues<NameSource>().Select(source => source.LabelValue())];

    public void Map(PageRoutes routes)
    {
        routes.MapPage<DestinationsPage, DestinationsModel>("/destinations", List);
        routes.MapPage<DestinationPage, DestinationModel>("/destinations/{**name}", OneAsync);
    }

    private PageResult<DestinationsModel> List(Arguments arguments)
    {
        var (search, nameSource, owner, sort) =
            (arguments.Text("search"), arguments.OneOf("name_source", NameSources), arguments.Text("owner"), arguments.OneOf("sort", Sorts));
        var traffic = sources.Traffic.Current;
        var all = traffic.ByDestination.Select(entry => Row(traffic.Find(entry.Key), entry.Value, null));
        var chosen = all.Where(row => row.Destination.Contains(search, StringComparison.OrdinalIgnoreCase)
            && (nameSource.Length == 0 || row.NameSource == nameSource) && (owner.Length == 0 || row.Owner == owner));
        var page = RowsPage<DestinationRow>.Of(arguments, [.. Sorted(chosen, sort)]);
        var times = sources.Contacts.OfAll([.. page.Rows.Select(row => row.Destination)]);
        return PageResult.Of("Destinations", new DestinationsModel(
            traffic.Window?.End,
            search,
            nameSource,
            owner,
            sort,
            traffic.ByDestination.Count,
            page.Select(row => times.TryGetValue(row.Destination, out var seen) ? row with { FirstSeen = seen.First, LastSeen = seen.Last } : row)));
    }

    private async Task<PageResult<DestinationModel>> OneAsync(Arguments arguments, CancellationToken cancel)
    {
        var (name, sort) = (arguments.Part("name"), arguments.OneOf("sort", [.. PairRows.Sorts]));
        var traffic = sources.Traffic.Current;
        var (pairs, contacts) = (traffic.Of(name), sources.Contacts.Of(name));
        if (pairs.Count == 0 && contacts.Count == 0 && !sources.Pass.AlertHistory.Any(alert => alert.Labels.GetValueOrDefault("destination") == name))
        {
            return PageResult.Missing<DestinationModel>(
                "No such destination",
                $"Nothing is known of a destination {QuotedText.Of(name, 260)}. The page of all destinations lists those that are known. "
                + "A destination without a place of its own within the series budget is part of __other__.");
        }

        var (to, learned, alerts) = (traffic.Find(name), sources.Contacts.Learned(), sources.Pass.Alerts);
        var uses = sources.EntryUses;
        var policies = sources.Pass.Verdicts;
        var rows = pairs.Select(pair =>
        {
            var group = sources.GroupOf(pair.Source);
            var times = contacts.GetValueOrDefault(group);
            DateTimeOffset? learnedAt = learned.TryGetValue(group, out var at) ? at : null;
            var isAllowed = PairRows.IsAllowed(policies, pair, to);
            var row = PairRows.Row(pair, to, times, PairRows.State(pair, times, learnedAt, alerts, isAllowed, sources.Time.GetUtcNow()));
            return row with { Entries = uses.Of(pair.Source, pair.Destination) };
        });
        var page = RowsPage<PairRow>.Of(arguments, [.. PairRows.Sorted(rows, sort, row => $"{row.Source}")]);
        if (arguments.Complaint is not null) return PageResult.Missing<DestinationModel>("Destination", "");
        var sent = pairs.Count == 0
            ? new Dictionary<string, IReadOnlyList<double>>()
            : await sources.History.SentAsync(TrafficQueries.ByWorkload, TrafficQueries.To(name), cancel);
        var hops = sources.Hops;
        ContactTimes? seen = contacts.Count > 0 ? new(contacts.Values.Min(times => times.First), contacts.Values.Max(times => times.Last)) : null;
        return PageResult.Of(name, new DestinationModel(
            traffic.Window?.End,
            Row(to, pairs, seen),
            sources.Contacts.Addresses(name),
            [.. pairs.SelectMany(pair => pair.Ports).Distinct()],
            sort,
            DurationText.Rounded(sources.History.Length),
            [.. AlertRow.Firing(alerts).Where(alert => alert.Destination == name)],
            page.Select(row => row with
            {
                Sent = sent.GetValueOrDefault(TrafficQueries.KeyOf(row.Source), []),
                Behind = hops.Behind(row.Source, row.Destination),
            })));
    }

    private static DestinationRow Row(Destination to, IReadOnlyList<PairTraffic> pairs, ContactTimes? seen) => new(
        to.Name, to.Source.LabelValue(), to.Confirmed, to.Owner, to.Network, to.Region, to.Domain, pairs.Count, pairs.Sum(pair => pair.Contacts),
        pairs.Sum(pair => pair.Refused), pairs.Sum(pair => pair.Upload), pairs.Sum(pair => pair.Download), seen?.First, seen?.Last);

    private static IEnumerable<DestinationRow> Sorted(IEnumerable<DestinationRow> rows, string sort)
    {
        var byName = rows.OrderBy(row => row.Destination, StringComparer.Ordinal);
        return sort switch
        {
            "download" => byName.OrderByDescending(row => row.DownloadBytes),
            "contacts" => byName.OrderByDescending(row => row.Contacts + row.Refused),
            "workloads" => byName.OrderByDescending(row => row.Workloads),
            "name" => byName,
            _ => byName.OrderByDescending(row => row.UploadBytes),
        };
    }
}
