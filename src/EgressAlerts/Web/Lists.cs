using System.Text.Encodings.Web;
using System.Text.Json;
using EgressAlerts.Alerting;
using EgressAlerts.Export;
using EgressAlerts.Model;

namespace EgressAlerts.Web;

internal static class ApiJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,

        // Names and queries stay readable, and can be copied. The answers are JSON by their type, so no browser takes them for a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}

/// <summary>The answer of <c>/api/v1/waiting</c>: what is counted, but in no series yet: <c>why</c> is <c>name</c> where the destination is being looked up,
/// <c>new</c> where its series shows 0 first.</summary>
internal sealed record WaitingList(DateTimeOffset? WindowEnd, IReadOnlyList<WaitingEntry> Waiting)
{
    public static WaitingList Of(Exposition exposition)
    {
        var current = exposition.Current;
        return new(
            current?.Counters.Window.End,
            [.. (current?.Ledger.Waiting ?? []).Select(WaitingEntry.Of), .. (current?.Counters.ShownAsZero ?? []).Select(WaitingEntry.Of)]);
    }
}

/// <summary>One flow's metric that waits.</summary>
internal sealed record WaitingEntry(
    string SourceCluster, string SourceWorkloadNamespace, string SourceWorkload, string Destination, string Route, string Metric, double Amount, string Why)
{
    public static WaitingEntry Of(Increment increment) => new(
        increment.Flow.Source.Cluster,
        increment.Flow.Source.Namespace,
        increment.Flow.Source.Name,
        increment.Flow.To.Key,
        increment.Flow.Route.LabelValue(),
        increment.Metric.LabelValue(),
        increment.Amount,
        "name");

    public static WaitingEntry Of(ExportedSeries series) => new(
        series.Key.Source.Cluster,
        series.Key.Source.Namespace,
        series.Key.Source.Name,
        series.Key.Destination,
        series.Key.Route.LabelValue(),
        series.Key.Metric.LabelValue(),
        series.Value,
        "new");
}

/// <summary>An entry of <c>/api/v1/alerts</c>.</summary>
/// <param name="State"><c>firing</c>, <c>resolved</c> or <c>held_back</c>.</param>
/// <param name="EndsAt">When it resolved; null where it has not. <paramref name="ResolvedAt"/> is an older name of the same.</param>
internal sealed record AlertList(
    string Fingerprint, string State, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Annotations,
    DateTimeOffset StartsAt, DateTimeOffset? EndsAt, DateTimeOffset? ResolvedAt)
{
    /// <summary>What fires, what resolved within 15 minutes and what is held back; with a range of time what fired at some time in it.</summary>
    public static IReadOnlyList<AlertList> Of(AlertQuery query, IEnumerable<Alert> current, IEnumerable<Alert> heldBack, IEnumerable<Alert> history)
    {
        var entries = query.HasRange ? history.Where(query.IsInRange).Select(Of) : current.Select(Of).Concat(heldBack.Select(HeldBack));
        return [.. entries.Where(query.Takes).OrderBy(entry => entry.EndsAt is not null).ThenByDescending(entry => entry.StartsAt)];
    }

    /// <summary>All that is remembered of one alert: first that it is held back, where it is, then each time that it fired, the latest first.</summary>
    public static IReadOnlyList<AlertList> Of(string fingerprint, IEnumerable<Alert> heldBack, IEnumerable<Alert> history) =>
    [
        .. heldBack.Where(alert => alert.Fingerprint == fingerprint).Select(HeldBack),
        .. history.Where(alert => alert.Fingerprint == fingerprint).OrderByDescending(alert => alert.StartsAt).Select(Of),
    ];

    private static AlertList Of(Alert alert) => Of(alert, alert.ResolvedAt is null ? AlertQuery.Firing : AlertQuery.Resolved);

    private static AlertList HeldBack(Alert alert) => Of(alert, AlertQuery.HeldBack);

    private static AlertList Of(Alert alert, string state) =>
        new(alert.Fingerprint, state, alert.Labels, alert.Annotations, alert.StartsAt, alert.ResolvedAt, alert.ResolvedAt);
}
