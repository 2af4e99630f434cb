using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>Makes the list of alerts.</summary>
internal static class AlertsView
{
    public static PageResult<AlertsModel> Load(Arguments arguments, AlertSources sources)
    {
        var state = arguments.OneOf("state", AlertQuery.Firing, AlertQuery.HeldBack, AlertQuery.Resolved);
        var filter = AlertFilter.Read(arguments);
        var firing = sources.Past.Where(alert => alert.ResolvedAt is null).ToList();
        var counts = new AlertCounts(firing.Count, sources.HeldBack.Count, sources.Past.Count - firing.Count);
        List<AlertRow> rows =
        [
            .. state switch
            {
                AlertQuery.HeldBack => sources.HeldBack.Select(alert => AlertRow.Of(alert, isHeldBack: true)),
                AlertQuery.Resolved => sources.Past.Where(alert => alert.ResolvedAt is not null).Select(alert => AlertRow.Of(alert)),
                _ => firing.Select(alert => AlertRow.Of(alert)),
            },
        ];
        IReadOnlyList<string> names = [.. rows.Select(row => row.Alertname).Distinct().Order(StringComparer.Ordinal)];
        return PageResult.Of("Alerts", new AlertsModel(state, counts, filter, names, RowsPage<AlertRow>.Of(arguments, ByWorkload(rows.Where(filter.Takes)))));
    }

    /// <summary>The workloads with the worst alerts come first, and alerts about the service itself last.</summary>
    private static List<AlertRow> ByWorkload(IEnumerable<AlertRow> rows) =>
    [
        .. rows.GroupBy(row => row.Source)
            .OrderBy(workload => workload.Key.Name.Length == 0)
            .ThenByDescending(workload => workload.Max(Rank))
            .ThenByDescending(workload => workload.Max(Latest))
            .ThenBy(workload => workload.Key, Workload.Order)
            .SelectMany(workload => workload.OrderByDescending(Rank).ThenByDescending(Latest).ThenBy(row => row.Fingerprint, StringComparer.Ordinal)),
    ];

    private static DateTimeOffset Latest(AlertRow row) => row.EndsAt ?? row.StartsAt;

    private static int Rank(AlertRow row) => Severities.Rank(row.Severity);
}
