using System.Net;
using EgressAlerts.Alerting;
using EgressAlerts.Detection;
using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>Makes rows of workloads and destinations out of counters, contacts and alerts.</summary>
internal static class PairRows
{
    /// <summary>What began within this time is new.</summary>
    private static readonly TimeSpan NewFor = TimeSpan.FromDays(1);

    public static readonly IReadOnlyList<string> Sorts = ["upload", "download", "contacts", "last", "first", "name"];

    public static PairRow Row(PairTraffic pair, Destination to, ContactTimes? times, string state) => new(
        pair.Source.Cluster, pair.Source.Namespace, pair.Source.Name, pair.Destination, to.Source.LabelValue(), to.Confirmed, to.Owner, [.. pair.Ports],
        [.. pair.Routes.Keys.Select(route => route.LabelValue())], state, pair.Contacts, pair.Refused, pair.Upload, pair.Download, times?.First, times?.Last,
        Sent: []);

    /// <param name="learnedAt">Null while the workload is being learned.</param>
    /// <param name="isAllowed">Whether a policy allows it.</param>
    public static string State(
        PairTraffic pair, ContactTimes? times, DateTimeOffset? learnedAt, IReadOnlyCollection<Alert> alerts, bool isAllowed, DateTimeOffset now)
    {
        if (pair.Destination == LabelValues.Overflow) return "";
        if (alerts.Any(alert => alert.ResolvedAt is null && alert.Labels["alertname"] == "EgressForbidden" && IsAbout(alert, pair))) return "forbidden";
        if (pair.Refused > 0 && pair.Contacts == 0) return "blocked";
        if (isAllowed) return "allowed";
        if (learnedAt is not { } learned) return "learning";
        if (times is not { } known) return "";
        return known.First >= learned && now - known.First < NewFor ? "new" : "habit";
    }

    /// <summary>Whether a policy allows everything that was seen of a pair.</summary>
    public static bool IsAllowed(PolicyVerdicts policies, PairTraffic pair, Destination to) =>
        pair.Ways.All(way =>
            policies.Find(new Flow(pair.Source, Raw(pair, way.Port), way.Route, way.Protocol), to) is PolicyAction.Allow or PolicyAction.Ignore);

    public static IEnumerable<PairRow> Sorted(IEnumerable<PairRow> rows, string sort, Func<PairRow, string> name)
    {
        var byName = rows.OrderBy(name, StringComparer.Ordinal);
        return sort switch
        {
            "download" => byName.OrderByDescending(row => row.DownloadBytes),
            "contacts" => byName.OrderByDescending(row => row.Contacts + row.Refused),
            "last" => byName.OrderByDescending(row => row.LastSeen),
            "first" => byName.OrderByDescending(row => row.FirstSeen),
            "name" => byName,
            _ => byName.OrderByDescending(row => row.UploadBytes),
        };
    }

    private static RawDestination Raw(PairTraffic pair, string port) =>
        new(IPAddress.TryParse(pair.Destination, out var address) ? address : null, port, "", "", "");

    private static bool IsAbout(Alert alert, PairTraffic pair) =>
        alert.Labels.GetValueOrDefault("destination") == pair.Destination && Workload.Of(alert.Labels) == pair.Source;
}
