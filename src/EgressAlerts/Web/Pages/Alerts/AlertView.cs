using EgressAlerts.Alerting;
using EgressAlerts.Model;
using EgressAlerts.Registry;

namespace EgressAlerts.Web;

/// <summary>Makes the page of one alert.</summary>
internal static class AlertView
{
    private const int MaxOthers = 20;
    private const int MaxRelated = 20;
    private const int MaxTimes = 100;

    public static async Task<PageResult<AlertModel>> LoadAsync(string fingerprint, AlertSources sources, DateTimeOffset now, CancellationToken cancel)
    {
        var heldBack = sources.HeldBack.FirstOrDefault(alert => alert.Fingerprint == fingerprint);
        List<Alert> times = [.. sources.Past.Where(alert => alert.Fingerprint == fingerprint).OrderByDescending(alert => alert.StartsAt)];
        if ((heldBack ?? times.FirstOrDefault()) is not { } alert) return PageResult.Missing<AlertModel>("No such alert", AlertPages.NoSuchAlert);

        var row = AlertRow.Of(alert, isHeldBack: heldBack is not null);
        var known = sources.Window?.Counters.Destinations.FirstOrDefault(destination => destination.Name == row.Destination);
        var facts = RemedyFacts.Of(alert, known?.Region ?? "") with
        {
            ServiceUrl = sources.Settings.Alerting.ExternalUrl?.GetLeftPart(UriPartial.Path).TrimEnd('/') ?? "",
            AllowUntil = new DateTimeOffset(now.UtcDateTime.Date.AddDays(31), TimeSpan.Zero),
            NetworkOf = sources.NetworkOf,
            IsAmbient = sources.Settings.Registry.MeshMode == MeshMode.Ambient,
            IsGateway = sources.Settings.Telemetry.EgressGateways.Contains(row.Source.ToString()),
        };
        if (facts.Port.Length == 0) facts = facts with { Port = PortOf(alert, sources) };
        var traffic = await AlertTraffic.ReadAsync(alert, sources, now, cancel);
        return PageResult.Of($"{row.Alertname} {row.SourceWorkload}".TrimEnd(), new AlertModel(
            row,
            Annotation(alert, "summary"),
            Annotation(alert, "description"),
            Annotation(alert, "resolves"),
            Annotation(alert, "limit_key"),
            alert.Labels,
            row.Destination.Length > 0 ? Destination(alert, row, known, facts, sources.Uses) : null,
            traffic,
            row.Destination.Length > 0 ? Others(alert, sources) : null,
            Related(row, sources),
            Evidence(alert, traffic, sources),
            [.. times.Take(MaxTimes).Select(time => new AlertTime(time.StartsAt, time.ResolvedAt))],
            new(
                WantedRemedies.Of(facts, sources.Settings.Detection),
                BlockRemedies.Of(facts),
                [SilenceRemedies.Of(alert, sources.Settings.Alerting)],
                SilenceRemedies.Url(alert, sources.Settings.Alerting)),
            ShippedDocuments.RunbookNames.Contains(row.Alertname) ? row.Alertname : "",
            RunbookValues(facts, sources)));
    }

    private static string Annotation(Alert alert, string name) => alert.Annotations.GetValueOrDefault(name, "");

    /// <summary>The port to which the workload talks there, where it is one alone.</summary>
    private static string PortOf(Alert alert, AlertSources sources)
    {
        var source = Workload.Of(alert.Labels);
        List<string> ports =
        [
            .. (sources.Window?.Counters.Series ?? [])
                .Where(series => series.Key.Source == source && AlertMatchers.IsAbout(alert, series.Key.Destination) && series.Key.Port.Length > 0)
                .Select(series => series.Key.Port).Distinct().Take(2),
        ];
        return ports is [var port] ? LabelText.Port(port) : "";
    }

    private static AlertDestination Destination(Alert alert, AlertRow row, Destination? known, RemedyFacts facts, EntryUses uses) => new(
        row.Destination,
        known?.Source.LabelValue() ?? row.NameSource,
        known?.Confirmed ?? row.Confirmed,
        $"{facts.Address}",
        facts.Port,
        Annotation(alert, "protocol"),
        Annotation(alert, "route"),
        Annotation(alert, "claimed_name"),
        known?.Owner ?? "",
        known?.Network ?? "",
        known?.Region ?? "",
        known?.Domain ?? "")
    {
        Entries = uses.Of(Workload.Of(alert.Labels), row.Destination),
    };

    private static AlertOthers Others(Alert alert, AlertSources sources)
    {
        var source = Workload.Of(alert.Labels);
        List<AlertOther> others =
        [
            .. from series in sources.Window?.Counters.Series ?? []
               where series.Key.Source != source && AlertMatchers.IsAbout(alert, series.Key.Destination)
               group series by series.Key.Source into workload
               let upload = workload.Where(series => series.Key.Metric == Metric.UploadBytes).Sum(series => series.Value)
               orderby upload descending
               select new AlertOther(
                   workload.Key.Cluster, workload.Key.Namespace, workload.Key.Name, upload,
                   [.. workload.Select(series => series.Key.Route.LabelValue()).Distinct().Order()]),
        ];
        return new(others.Count, [.. others.Take(MaxOthers)]);
    }

    /// <summary>What fires comes first, then what resolved last. Of an alert that fired several times, only the last time.</summary>
    private static List<AlertRow> Related(AlertRow row, AlertSources sources) =>
    [
        .. sources.Past.Select(alert => AlertRow.Of(alert)).Concat(sources.HeldBack.Select(alert => AlertRow.Of(alert, isHeldBack: true)))
            .Where(other => other.Fingerprint != row.Fingerprint && IsRelated(other, row))
            .OrderBy(other => other.State == AlertQuery.Resolved).ThenByDescending(other => other.EndsAt ?? other.StartsAt)
            .DistinctBy(other => other.Fingerprint)
            .Take(MaxRelated),
    ];

    private static bool IsRelated(AlertRow other, AlertRow row) =>
        (row.SourceWorkload.Length > 0 && other.Source == row.Source)
        || (row.Destination.Length > 0 && other.Destination == row.Destination);

    private static List<AlertQuestion> Evidence(Alert alert, TrafficModel? traffic, AlertSources sources)
    {
        var questions = new List<AlertQuestion>();
        var home = sources.Settings.Prometheus.ExternalUrl?.AbsoluteUri.TrimEnd('/');
        if (Annotation(alert, "evidence") is { Length: > 0 } evidence) Add("What the alert is about", evidence);
        if (traffic is not null) Add("The picture above", traffic.Query);
        return questions;

        void Add(string title, string query) =>
            questions.Add(new(title, query, home is null ? "" : $"{home}/graph?g0.expr={Uri.EscapeDataString(query)}&g0.tab=0&g0.range_input=6h"));
    }

    private static Dictionary<string, string> RunbookValues(RemedyFacts facts, AlertSources sources) => new()
    {
        ["namespace"] = facts.Source.Namespace,
        ["workload"] = facts.Source.Name,
        ["destination"] = facts.Destination,
        ["host"] = facts.Host,
        ["address"] = $"{facts.Address}",
        ["port"] = facts.Port,
        ["protocol"] = facts.Protocol,
        ["claimed name"] = facts.ClaimedName,
        ["egress-alerts"] = sources.Settings.Alerting.ExternalUrl?.AbsoluteUri.TrimEnd('/') ?? "",
    };
}
