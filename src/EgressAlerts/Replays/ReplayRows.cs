using EgressAlerts.Model;

namespace EgressAlerts.Replays;

/// <summary>Sums flows that have one fate for one reason.</summary>
internal static class ReplayRows
{
    /// <summary>Most contacts first. The order depends on nothing but the flows.</summary>
    public static IReadOnlyList<ReplayRow> Of(IEnumerable<Judged> judged) =>
    [
        .. judged.GroupBy(one => (one.Use.Flow.Source.Namespace, one.Use.Flow.Destination, one.Use.Flow.Port, one.Use.Flow.Protocol, one.Why, one.By))
            .Select(group => new ReplayRow(
                group.Key.Namespace,
                group.Key.Destination,
                group.Key.Port,
                group.Key.Protocol.LabelValue(),
                group.First().To.Source.LabelValue(),
                group.First().To.Confirmed,
                group.Sum(one => one.Use.Amounts.Requests),
                group.Sum(one => Math.Max(one.Use.Amounts.Opened, one.Use.Amounts.Closed)),
                group.Sum(one => one.Use.Amounts.Upload),
                group.Sum(one => one.Use.Amounts.Download),
                group.Max(one => one.Use.Days.Last),
                [.. group.Select(one => one.Use.Flow.Source.Name).Distinct().Order(StringComparer.Ordinal)],
                group.Key.Why,
                group.Key.By))
            .OrderByDescending(row => row.Requests + row.Connections).ThenBy(row => row.Namespace, StringComparer.Ordinal)
            .ThenBy(row => row.Destination, StringComparer.Ordinal).ThenBy(row => row.Port, StringComparer.Ordinal)
            .ThenBy(row => row.Protocol, StringComparer.Ordinal).ThenBy(row => row.Why, StringComparer.Ordinal),
    ];
}
