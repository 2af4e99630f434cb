using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>Reads what moved in a range of time from Prometheus' history of the exported counters.</summary>
internal sealed class OverviewHistory(TrafficHistory history, int maxPairs)
{
    /// <returns>Null where Prometheus gives no answer, or knows nothing of these counters.</returns>
    public async Task<Amounts?> ReadAsync(string range, CancellationToken cancel)
    {
        var pairs = await history.NowAsync($"topk({maxPairs}, {TrafficQueries.SentWithin(TrafficQueries.Pair, range)})", cancel);
        var blocked = await history.NowAsync($"topk({maxPairs}, {TrafficQueries.ContactsWithin(TrafficQueries.Pair, TrafficQueries.Blocked, range)})", cancel);
        var routes = await history.NowAsync(TrafficQueries.ContactsWithin("route", "", range), cancel);
        var sent = await history.NowAsync(TrafficQueries.SentWithin("", range), cancel);
        var received = await history.NowAsync(TrafficQueries.ReceivedWithin("", range), cancel);
        if (routes.Values.Count == 0 && sent.Values.Count == 0) return null;
        return new(
            IsHistory: true,
            Pairs(pairs.Values),
            Pairs(blocked.Values),
            routes.Values.ToDictionary(value => value.Labels.GetValueOrDefault("route", ""), value => value.Value),
            sent.Values.Sum(value => value.Value),
            received.Values.Sum(value => value.Value));
    }

    /// <summary>The same from the counters themselves, since they began. For a Prometheus that does not scrape this service yet.</summary>
    public static Amounts OfCounters(Traffic traffic) => new(
        IsHistory: false,
        [.. OfPairs(traffic, pair => pair.Upload)],
        [.. OfPairs(traffic, pair => pair.Refused)],
        traffic.Pairs.SelectMany(pair => pair.Routes).GroupBy(route => route.Key)
            .ToDictionary(group => group.Key.LabelValue(), group => group.Sum(route => route.Value)),
        traffic.Pairs.Sum(pair => pair.Upload),
        traffic.Pairs.Sum(pair => pair.Download));

    private static IEnumerable<PairAmount> OfPairs(Traffic traffic, Func<PairTraffic, double> amount) =>
        traffic.Pairs.Where(pair => amount(pair) > 0).OrderByDescending(amount).Select(pair => new PairAmount(pair.Source, pair.Destination, amount(pair)));

    private static List<PairAmount> Pairs(IReadOnlyList<(IReadOnlyDictionary<string, string> Labels, double Value)> values) =>
    [
        .. values.Where(value => value.Value > 0).OrderByDescending(value => value.Value).Select(value => new PairAmount(
            Workload.Of(value.Labels),
            value.Labels.GetValueOrDefault("destination", ""),
            value.Value)),
    ];
}

/// <summary>What moved in a range of time.</summary>
/// <param name="IsHistory">False where it is what the counters say since they began.</param>
/// <param name="Pairs">Those that sent most out, in bytes, the largest first.</param>
/// <param name="Routes">Requests and connections by the label value of their route.</param>
internal sealed record Amounts(
    bool IsHistory, IReadOnlyList<PairAmount> Pairs, IReadOnlyList<PairAmount> Blocked, IReadOnlyDictionary<string, double> Routes, double UploadBytes,
    double DownloadBytes);

/// <summary>An amount between a workload and a destination.</summary>
internal sealed record PairAmount(Workload Source, string Destination, double Amount);
