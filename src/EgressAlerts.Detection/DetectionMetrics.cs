using System.Diagnostics.Metrics;

namespace EgressAlerts.Detection;

/// <summary>What detection says about itself.</summary>
public sealed class DetectionMetrics
{
    /// <summary>Of detectors that have a bound.</summary>
    private static readonly string[] AlertNames =
    [
        BlockedDetector.Name, ProbingDetector.Name, NewDestinationDetector.Name, UploadSpikeDetector.Name, FanOutDetector.Name, BeaconingDetector.Name,
        ForbiddenDetector.Name, NameMismatchDetector.Name, MetadataServiceDetector.Name, OutsideRegionDetector.Name, ThreatListedDetector.Name,
    ];

    private readonly Counter<long> _dropped;
    private readonly Counter<long> _forgotten;
    private volatile IReadOnlyList<ThreatList> _lists = [];

    public DetectionMetrics(Meter meter, TimeProvider time)
    {
        _dropped = meter.CreateCounter<long>("egress_alerts_findings_dropped_total", null, "Findings, or what may become one, not held because there were too many of their kind at once.");
        foreach (var name in AlertNames) _dropped.Add(0, new KeyValuePair<string, object?>("alertname", name));
        _forgotten = meter.CreateCounter<long>(
            "egress_alerts_destinations_forgotten_total",
            null,
            "Destinations of workloads that are not remembered because there are too many: each is new when it comes again.");
        _forgotten.Add(0);
        meter.CreateObservableGauge(
            "egress_alerts_threat_list_entries",
            () => _lists.Select(list => new Measurement<int>(list.IsExpired(time.GetUtcNow()) ? 0 : list.Count, Tag(list))),
            null,
            "Addresses, networks and domains of a threat list; 0 where it has expired.");
        meter.CreateObservableGauge(
            "egress_alerts_threat_list_skipped_lines",
            () => _lists.Select(list => new Measurement<int>(list.Skipped, Tag(list))),
            null,
            "Lines of a threat list that are neither address, network nor domain, or that name too large a network.");
        meter.CreateObservableGauge(
            "egress_alerts_threat_list_last_modified_timestamp_seconds",
            () => _lists.Select(list => new Measurement<double>((list.Modified?.ToUnixTimeMilliseconds() ?? 0) / 1e3, Tag(list))),
            null,
            "When the threat list in use was written; 0 where its file is gone.");
    }

    internal void Dropped(string alertName, int findings = 1) => _dropped.Add(findings, new KeyValuePair<string, object?>("alertname", alertName));

    /// <summary>So many destinations of workloads are no longer remembered, or never were, because there are too many.</summary>
    internal void Forgotten(int destinations) => _forgotten.Add(destinations);

    internal void Watch(IReadOnlyList<ThreatList> lists) => _lists = lists;

    private static KeyValuePair<string, object?> Tag(ThreatList list) => new("list", list.Name);
}
