using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>The page that everybody sees first.</summary>
internal sealed class OverviewPages(PageSources sources)
{
    /// <summary>So many pairs are asked for. The rest of the bytes is "others" in the picture.</summary>
    private const int MaxPairs = 300;
    private const int MaxListed = 10;

    /// <summary>More new contacts than this are not counted one by one.</summary>
    private const int MaxNew = 10_000;

    public void Map(PageRoutes routes) => routes.MapPage<OverviewPage, OverviewModel>("/", "/overview", ReadAsync);

    private async Task<PageResult<OverviewModel>> ReadAsync(Arguments arguments, CancellationToken cancel)
    {
        var range = arguments.OneOf("range", "24h", "1h", "7d");
        if (arguments.Complaint is not null) return PageResult.Missing<OverviewModel>("Overview", "");
        var now = sources.Time.GetUtcNow();
        var traffic = sources.Traffic.Current;
        var amounts = await new OverviewHistory(sources.History, MaxPairs).ReadAsync(range, cancel) ?? OverviewHistory.OfCounters(traffic);
        var sent = await sources.History.NowAsync(TrafficQueries.SentWithin("", "1h"), cancel);
        var alerts = AlertRow.Firing(sources.Pass.Alerts.Where(alert => alert.Labels.ContainsKey("source_workload")));
        var fresh = sources.Contacts.Since(now.AddDays(-1), MaxNew);
        var top = amounts.Pairs.Take(MaxListed).ToList();
        var lines = top.Count == 0
            ? new Dictionary<string, IReadOnlyList<double>>()
            : await sources.History.SentAsync(TrafficQueries.Pair, TrafficQueries.Sources([.. top.Select(pair => pair.Source).Distinct()]), cancel);
        return PageResult.Of("Overview", new OverviewModel(
            traffic.Window?.End,
            range,
            amounts.IsHistory ? null : sources.Exposition.Current?.Ledger.BaselineEnd,
            sent.Failure,
            alerts.CountBy(alert => alert.Severity).ToDictionary(),
            [.. alerts.Take(MaxListed)],
            fresh.Count(contact => contact.First >= now.AddHours(-1)),
            fresh.Count,
            [.. fresh.Take(MaxListed)],
            sent.Values is [var (_, hour)] ? hour : amounts.IsHistory ? 0 : amounts.UploadBytes,
            new(amounts.UploadBytes, amounts.DownloadBytes, amounts.Routes.Values.Sum(), amounts.Routes.GetValueOrDefault(Route.Blocked.LabelValue())),
            [.. top.Select(pair => Top(pair, traffic, lines))],
            [.. amounts.Blocked.OrderByDescending(pair => pair.Amount).Take(MaxListed).Select(
                pair => new BlockedPair(
                    pair.Source.Cluster, pair.Source.Namespace, pair.Source.Name, pair.Destination, Math.Round(pair.Amount)))],
            Shares(amounts.Routes),
            SetUpSteps.Of(sources),
            Diagram(amounts, traffic),
            DurationText.Rounded(sources.History.Length)));
    }

    private static TopUpload Top(PairAmount pair, Traffic traffic, IReadOnlyDictionary<string, IReadOnlyList<double>> lines)
    {
        var to = traffic.Find(pair.Destination);
        var line = lines.GetValueOrDefault($"{TrafficQueries.KeyOf(pair.Source)}\n{pair.Destination}", []);
        return new(
            pair.Source.Cluster, pair.Source.Namespace, pair.Source.Name, pair.Destination, to.Source.LabelValue(), to.Confirmed, Math.Round(pair.Amount),
            line);
    }

    private static IReadOnlyList<RouteShare> Shares(IReadOnlyDictionary<string, double> routes)
    {
        var total = routes.Values.Sum();
        return
        [
            .. routes.Where(route => route.Value > 0).OrderByDescending(route => route.Value)
                .Select(route => new RouteShare(route.Key, Math.Round(route.Value), route.Value / total)),
        ];
    }

    /// <summary>Destinations are joined by their owner, or by their domain where no owner is known.</summary>
    private static FlowDiagram Diagram(Amounts amounts, Traffic traffic)
    {
        var flows = amounts.Pairs.Select(pair =>
        {
            var to = traffic.Find(pair.Destination);
            var owner = pair.Destination == LabelValues.Overflow ? FlowDiagram.Others
                : to.Owner.Length > 0 ? to.Owner : to.Domain.Length > 0 ? to.Domain : pair.Destination;
            return new DiagramFlow(pair.Source.Namespace, owner, Trust.Kind(to.Source.LabelValue(), to.Confirmed), pair.Amount);
        }).ToList();
        var rest = amounts.UploadBytes - amounts.Pairs.Sum(pair => pair.Amount);
        if (rest > amounts.UploadBytes / 1000) flows.Add(new(FlowDiagram.Others, FlowDiagram.Others, "muted", rest));
        return FlowDiagram.Of(flows);
    }
}
