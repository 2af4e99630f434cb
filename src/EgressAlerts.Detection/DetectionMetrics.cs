using EgressAlerts.Common;
using Prometheus;

namespace EgressAlerts.Detection;

/// <summary>What detection says about itself.</summary>
public sealed class DetectionMetrics
{
    /// <summary>The alerts of detectors that have a bound.</summary>
    private static readonly string[] AlertNames =
    [
        BlockedDetector.Name, ProbingDetector.Name, NewDestinationDetector.Name, UploadSpikeDetector.Name, FanOutDetector.Name, BeaconingDetector.Name,
        ForbiddenDetector.Name, NameMismatchDetector.Name, MetadataServiceDetector.Name, OutsideRegionDetector.Name, ThreatListedDetector.Name,
    ];

    private readonly Counter _dropped;
    private readonly Counter _forgotten;
    private readonly Gauge _policies;
    private volatile IReadOnlyList<ThreatList> _lists = [];

    public DetectionMetrics(MetricRegistry metrics, TimeProvider time)
    {
        _dropped = metrics.Counter(
            "egress_alerts_findings_dropped_total",
            "Findings, or what may become one, not held because there were too many of their kind at once.",
            "alertname");
        foreach (var name in AlertNames) _dropped.WithLabels(name);
        _forgotten = metrics.Counter(
            "egress_alerts_destinations_forgotten_total",
            "Destinations of workloads that are not remembered because there are too many: each is new when it comes again.");
        var entries = metrics.Gauge(
            "egress_alerts_threat_list_entries", "Addresses, networks and domains of a threat list; 0 where it has expired.", "list");
        var skipped = metrics.Gauge(
            "egress_alerts_threat_list_skipped_lines",
            "Lines of a threat list that are neither address, network nor domain, or that name too large a network.",
            "list");
        var modified = metrics.Gauge(
            "egress_alerts_threat_list_last_modified_timestamp_seconds", "When the threat list in use was written; 0 where its file is gone.", "list");
        _policies = metrics.Gauge(
            "egress_alerts_policies",
            "Policies by how they stand: expired ones match nothing, an earlier policy takes all that a shadowed one could match, and an unused one has "
                + "decided about nothing for 30 days.",
            "state");
        Policies([]);
        metrics.BeforeScrape(() =>
        {
            var now = time.GetUtcNow();
            Show(entries, list => list.IsExpired(now) ? 0 : list.Count);
            Show(skipped, list => list.Skipped);
            Show(modified, list => (list.Modified?.ToUnixTimeMilliseconds() ?? 0) / 1e3);
        });
    }

    internal void Dropped(string alertName, int findings = 1) => _dropped.WithLabels(alertName).Inc(findings);

    /// <summary>Counts destinations that are no longer remembered, or never were, because there are too many.</summary>
    internal void Forgotten(int destinations) => _forgotten.Inc(destinations);

    internal void Policies(IReadOnlyCollection<PolicyState> states)
    {
        foreach (var state in Enum.GetValues<PolicyState>()) _policies.WithLabels(state.LabelValue()).Set(states.Count(one => one == state));
    }

    internal void Watch(IReadOnlyList<ThreatList> lists) => _lists = lists;

    private void Show(Gauge gauge, Func<ThreatList, double> read) => gauge.Replace(_lists.Select(list => ((string[])[list.Name], read(list))));
}
