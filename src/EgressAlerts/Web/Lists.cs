using System.Text.Json;
using EgressAlerts.Export;
using EgressAlerts.Model;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Web;

internal static class ApiJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };
}

/// <summary>An entry of <c>/api/v1/destinations</c>.</summary>
internal sealed record DestinationList(string Destination, string NameSource, bool Confirmed, string Owner, string Network, string Region, string Domain)
{
    public static IReadOnlyList<DestinationList> Of(Exposition exposition) =>
    [
        .. (exposition.Current?.Destinations ?? [])
            .OrderBy(destination => destination.Name, StringComparer.Ordinal)
            .Select(d => new DestinationList(d.Name, d.Source.Word(), d.Confirmed, d.Owner, d.Network, d.Region, d.Domain)),
    ];
}

/// <summary>The answer of <c>/api/v1/waiting</c>: what is counted, but in no series yet: <c>why</c> is <c>name</c> where the destination is being looked up,
/// <c>new</c> where its series shows 0 first.</summary>
internal sealed record WaitingList(DateTimeOffset? WindowEnd, IReadOnlyList<WaitingEntry> Waiting)
{
    public static WaitingList Of(Exposition exposition)
    {
        var current = exposition.Current;
        return new(current?.Window.End, [.. (current?.Waiting ?? []).Select(WaitingEntry.Of), .. (current?.Withheld ?? []).Select(WaitingEntry.Of)]);
    }
}

/// <summary>One flow's metric that waits.</summary>
internal sealed record WaitingEntry(string SourceWorkloadNamespace, string SourceWorkload, string Destination, string Route, string Metric, double Amount, string Why)
{
    public static WaitingEntry Of(Increment increment) => new(
        increment.Flow.Source.Namespace,
        increment.Flow.Source.Name,
        increment.Flow.To.Key,
        increment.Flow.Route.Word(),
        increment.Metric.Word(),
        increment.Amount,
        "name");

    public static WaitingEntry Of(ExportedSeries series) => new(
        series.Key.Labels.SourceNamespace,
        series.Key.Labels.SourceWorkload,
        series.Key.Labels.Destination,
        series.Key.Labels.Route.Word(),
        series.Key.Metric.Word(),
        series.Value,
        "new");
}

/// <summary>An entry of <c>/api/v1/alerts</c>.</summary>
internal sealed record AlertList(
    string State, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Annotations, DateTimeOffset StartsAt, DateTimeOffset? ResolvedAt)
{
    /// <summary>Every query argument is a label that must have that value, or <c>state</c>: <c>firing</c>, <c>resolved</c> or <c>held_back</c>. An empty one asks for nothing.</summary>
    public static IReadOnlyList<AlertList> Of(PassWorker worker, IQueryCollection query) =>
    [
        .. worker.Pass.Alerts.Select(alert => (State: alert.ResolvedAt is null ? "firing" : "resolved", Alert: alert))
            .Concat(worker.Pass.HeldBackAlerts.Select(alert => (State: "held_back", Alert: alert)))
            .Where(entry => query.All(wanted => wanted.Value.ToString().Length == 0 || (wanted.Key == "state" ? entry.State : entry.Alert.Labels.GetValueOrDefault(wanted.Key)) == wanted.Value))
            .OrderBy(entry => entry.Alert.ResolvedAt is not null)
            .ThenByDescending(entry => entry.Alert.StartsAt)
            .Select(entry => new AlertList(entry.State, entry.Alert.Labels, entry.Alert.Annotations, entry.Alert.StartsAt, entry.Alert.ResolvedAt)),
    ];
}
