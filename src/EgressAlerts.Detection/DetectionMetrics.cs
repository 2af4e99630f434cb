using System.Diagnostics.Metrics;

namespace EgressAlerts.Detection;

/// <summary>What detection says about itself.</summary>
public sealed class DetectionMetrics
{
    /// <summary>Of detectors that have a bound.</summary>
    private static readonly string[] AlertNames =
        [BlockedDetector.Name, ProbingDetector.Name, NewDestinationDetector.Name, NameMismatchDetector.Name, MetadataServiceDetector.Name, OutsideRegionDetector.Name];

    private readonly Counter<long> _dropped;

    public DetectionMetrics(Meter meter)
    {
        _dropped = meter.CreateCounter<long>("egress_alerts_findings_dropped_total", null, "Findings not held because there were too many of their kind at once.");
        foreach (var name in AlertNames) _dropped.Add(0, new KeyValuePair<string, object?>("alertname", name));
    }

    internal void Dropped(string alertName) => _dropped.Add(1, new KeyValuePair<string, object?>("alertname", alertName));
}
