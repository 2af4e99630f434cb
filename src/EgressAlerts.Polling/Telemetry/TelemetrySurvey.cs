using System.Globalization;
using EgressAlerts.Model;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

/// <summary>Finds out from the series what the mesh's telemetry can tell. It warns of what makes counts wrong or blind, once when that begins and once when it
/// ends.</summary>
internal sealed class TelemetrySurvey(TelemetryOptions options, TimeSpan late, PollingMetrics metrics, ILogger logger)
{
    /// <summary>Series whose names Envoy mangled belong to none of Istio's metrics any more.</summary>
    public const string MangledQuery = "group by (__name__) ({__name__=~\".+_istio_(requests_total|request_bytes_.+|response_bytes_.+|tcp_.+_total)\"})";

    private static readonly IReadOnlyList<(string Name, Dimensions Dimension)> Dimensions =
    [
        ("destination_ip", Polling.Dimensions.DestinationIp), ("destination_port", Polling.Dimensions.DestinationPort), ("sni", Polling.Dimensions.Sni),
        ("host", Polling.Dimensions.Host), ("path", Polling.Dimensions.Path), ("response_code_details", Polling.Dimensions.ResponseCodeDetails),
    ];

    private readonly DoubleWatch _doubles = new(options);
    private IReadOnlyList<string> _mangled = [];
    private IReadOnlyList<string> _unknownNotes = [];
    private IReadOnlyList<string> _blindWaypoints = [];

    public TelemetryReport Report { get; private set; } = TelemetryReport.Empty;

    /// <summary>Takes a series that was not known before.</summary>
    public void Offer(CounterTracker tracker, int row, IReadOnlyDictionary<string, string> read)
    {
        if (tracker.Known.MeaningOf(row).Counter is not null) _doubles.Offer(tracker, row, read);
    }

    /// <summary>Takes the names that <see cref="MangledQuery"/> found.</summary>
    public void Mangled(IReadOnlyList<string> names) => _mangled = names;

    /// <summary>Takes the waypoints, as namespace/name, that <see cref="BlindWaypoint.Query"/> found.</summary>
    public void BlindWaypoints(IReadOnlyList<string> names) => _blindWaypoints = names;

    /// <summary>Takes the notes, in answers that were counted, of which nobody knows what they mean.</summary>
    public void UnknownNotes(IReadOnlyList<string> notes) => _unknownNotes = notes;

    public void Update(CounterTracker tracker, Func<string, bool> hasUp, Window window)
    {
        var meanings = tracker.Known.Meanings.All.Where(entry => entry.What.Counter is not null).ToList();
        TelemetryWarning?[] found =
        [
            DoubleCounting(tracker, window), Interleaved(tracker), WithoutUp(meanings, hasUp), MangledNames(), BlockedWithoutAddress(meanings),
            UnknownNotes(), UnclearRefusals(meanings), BlindWaypoint.Warning(_blindWaypoints),
        ];
        var warnings = found.OfType<TelemetryWarning>().ToList();
        foreach (var begun in warnings.ExceptBy(Report.Warnings.Select(warning => warning.Kind), warning => warning.Kind))
            Log.Telemetry(logger, begun.Kind, begun.Message, begun.Remedy);
        foreach (var ended in Report.Warnings.ExceptBy(warnings.Select(warning => warning.Kind), warning => warning.Kind))
            Log.TelemetryMended(logger, ended.Kind);
        Report = new TelemetryReport([.. RawMetric.All.Select(raw => Coverage(raw, meanings)).Where(coverage => coverage.Series > 0)], warnings)
        {
            Unidentified = meanings
                .Where(entry => entry.What is { Raw.Metric: Metric.ConnectionsOpened, Counter.Flow.Route: Route.Unidentified }).Sum(entry => entry.Series),
            CanBeRefused = meanings.Where(entry => entry.What.CanRefuse).Sum(entry => entry.Series),
        };
        metrics.Warnings([.. warnings.Select(warning => warning.Kind)]);
    }

    private static MetricCoverage Coverage(RawMetric raw, List<(SeriesMeaning What, int Series)> meanings)
    {
        var mine = meanings.Where(entry => entry.What.Raw == raw).ToList();
        var all = mine.Sum(entry => entry.Series);
        return new(raw.Name, all, Dimensions.ToDictionary(dimension => dimension.Name, dimension => Percent(dimension.Dimension)));

        double Percent(Dimensions dimension)
        {
            var with = mine.Where(entry => entry.What.Present.HasFlag(dimension)).Sum(entry => entry.Series);
            return all == 0 ? 0 : Math.Round(100.0 * with / all, 1);
        }
    }

    private TelemetryWarning? DoubleCounting(CounterTracker tracker, Window window)
    {
        var overlap = (uint)Math.Ceiling(late / window.Length) + 1;
        if (_doubles.Find(tracker, overlap) is not { } doubles) return null;
        var share = string.Create(
            CultureInfo.InvariantCulture,
            $"About {100 * doubles.Share:0.#} % of the egress series are there more than once. "
            + $"They differ in {doubles.Label} ({string.Join(", ", doubles.Values)}).");
        return new(
            TelemetryWarning.DoubleCounting,
            doubles.AreOnce
                ? $"{share} Each counter counts once, but reading them takes twice the time"
                : $"{share} They count double, because Prometheus has no up series for them that would tell which labels are the proxy's own",
            $"add '{doubles.Matcher}' to prometheus.matchers")
        {
            Promql = $"count by ({doubles.Label}) (istio_requests_total{{reporter!=\"destination\"}})",
            IsBroken = !doubles.AreOnce,
        };
    }

    private static TelemetryWarning? Interleaved(CounterTracker tracker) => tracker.RecentInversions == 0 ? null : new(
        TelemetryWarning.ReplicaInversions,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{tracker.RecentInversions} samples of the last minutes were older than the one before them. "
            + $"The samples of two Prometheus replicas are mixed in one series. Nothing counts twice"),
        "let the store deduplicate them, or read it without deduplication (Thanos: add ?dedup=false to prometheus.url): each counter still counts once")
    {
        Promql = "increase(egress_alerts_replica_inversions_total[10m])",
    };

    private static TelemetryWarning? WithoutUp(List<(SeriesMeaning What, int Series)> meanings, Func<string, bool> hasUp)
    {
        var without = meanings.Where(entry => !hasUp(entry.What.Job)).ToList();
        return without.Count == 0 ? null : new(
            TelemetryWarning.WithoutUp,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{without.Sum(entry => entry.Series)} egress series are of jobs without up series, such as '{without[0].What.Job}'. "
                + $"Which of their labels are the proxy's own is not known: when one changes, its series counts as a new one"),
            "store the up series of these jobs too, with the same labels")
        {
            Promql = "group by (job) (istio_requests_total) unless on (job) group by (job) (up)",
        };
    }

    private TelemetryWarning? MangledNames() => _mangled.Count == 0 ? null : new(
        TelemetryWarning.MangledNames,
        $"there are series such as {_mangled[0]}: Envoy put an unregistered dimension into the metric's name, and their traffic is counted nowhere",
        "where dimensions are added by WebAssembly filters, name them in the annotation sidecar.istio.io/extraStatTags and restart the pods; "
        + $"or remove them there and apply the Telemetry resource, {TelemetryWarning.TelemetryResource}")
    {
        Promql = MangledQuery,
        IsBroken = true,
    };

    private TelemetryWarning? UnknownNotes() => _unknownNotes.Count == 0 ? null : new(
        TelemetryWarning.UnknownNotes,
        $"answers have come with a note that is not known for so long that they count all the same; data may be missing: {string.Join("; ", _unknownNotes)}",
        "see whether a store behind prometheus.url is away; if none is, mend at the server what the note is about, and ask this project to learn the note");

    private TelemetryWarning? BlockedWithoutAddress(List<(SeriesMeaning What, int Series)> meanings)
    {
        var blocked = meanings.Where(entry => entry.What is { Raw.Tcp: true, Counter.Flow.Route: Route.Blocked }).ToList();
        var blind = blocked.Where(entry => entry.What.Counter!.Flow.To is { Address: null, Sni: "", Service: "" }).ToList();
        return blind.Count == 0 ? null : new(
            TelemetryWarning.BlockedWithoutAddress,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{blind.Sum(entry => entry.Series)} of {blocked.Sum(entry => entry.Series)} series of blocked TCP connections do not say where to; "
                + $"the first is of {blind[0].What.Counter!.Flow.Source}"),
            $"apply the Telemetry resource, {TelemetryWarning.TelemetryResource}: destination_ip from destination.address, "
            + "which is known also where the mesh refuses to connect; upstream.address is not")
        {
            Promql = "count by (source_workload_namespace, source_workload) (istio_tcp_connections_closed_total"
                + $"{{destination_service_name=\"BlackHoleCluster\",{(options.DestinationIp is [var label, ..] ? label : "destination_ip")}=~\"|unknown\"}})",
        };
    }

    /// <summary>A waypoint and an egress gateway pass a site's 403 on, and answer 403 where an AuthorizationPolicy refuses.</summary>
    private static TelemetryWarning? UnclearRefusals(List<(SeriesMeaning What, int Series)> meanings)
    {
        var unclear = meanings
            .Where(entry => entry.What is { CanRefuse: true, Counter: { Metric: Metric.Requests, ResponseCode: "403", Flow.Route: Route.Registered } }
                && !entry.What.Present.HasFlag(Polling.Dimensions.ResponseCodeDetails))
            .ToList();
        return unclear.Count == 0 ? null : new(
            TelemetryWarning.UnclearRefusals,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{unclear.Sum(entry => entry.Series)} series of waypoints and egress gateways count the answer 403 and do not say who gave it: ")
            + $"the site, or an AuthorizationPolicy. They count as {Route.Registered.LabelValue()}; the first is of {unclear[0].What.Counter!.Flow.Source}",
            $"apply the Telemetry resources {TelemetryWarning.WaypointResource} (in the namespace of the waypoint) and {TelemetryWarning.TelemetryResource} "
            + "(for egress gateways): response_code_details from response.code_details")
        {
            Promql = "sum by (reporter, source_workload_namespace, source_workload, destination_service_name) (istio_requests_total{response_code=\"403\"})",
        };
    }
}
