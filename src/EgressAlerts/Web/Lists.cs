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
internal sealed record DestinationList(string Destination, string NameSource, bool Confirmed, string Owner, string Network, string Region)
{
    public static IReadOnlyList<DestinationList> Of(Exposition exposition) =>
    [
        .. (exposition.Current?.Destinations ?? [])
            .OrderBy(destination => destination.Name, StringComparer.Ordinal)
            .Select(d => new DestinationList(d.Name, d.Source.Word(), d.Confirmed, d.Owner, d.Network, d.Region)),
    ];
}

/// <summary>An entry of <c>/api/v1/alerts</c>.</summary>
internal sealed record AlertList(
    string State, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Annotations, DateTimeOffset StartsAt, DateTimeOffset? ResolvedAt)
{
    /// <summary>Every query argument is a label that must have that value; an empty one asks for nothing.</summary>
    public static IReadOnlyList<AlertList> Of(PassWorker worker, IQueryCollection query) =>
    [
        .. worker.Pass.Alerts
            .Where(alert => query.All(wanted => wanted.Value.ToString().Length == 0 || alert.Labels.GetValueOrDefault(wanted.Key) == wanted.Value))
            .OrderBy(alert => alert.ResolvedAt is not null)
            .ThenByDescending(alert => alert.StartsAt)
            .Select(alert => new AlertList(alert.ResolvedAt is null ? "firing" : "resolved", alert.Labels, alert.Annotations, alert.StartsAt, alert.ResolvedAt)),
    ];
}
