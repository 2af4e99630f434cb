using EgressAlerts.Common;
using EgressAlerts.Model;
using Prometheus;

namespace EgressAlerts.Polling;

/// <summary>The metrics of polling itself.</summary>
public sealed class PollingMetrics
{
    private static readonly double[] DurationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];

    private readonly Histogram _duration;
    private readonly Counter _failures;
    private readonly Counter _inversions;
    private readonly Gauge _parts;
    private readonly Gauge _series;
    private readonly Gauge _warnings;

    public PollingMetrics(MetricRegistry metrics)
    {
        _duration = metrics.Histogram("egress_alerts_query_duration_seconds", "How long Prometheus' answers took, retries included.", DurationBounds);
        _failures = metrics.Counter(
            "egress_alerts_query_failures_total", "Queries without a complete answer; their window is tried again.", "reason");
        _inversions = metrics.Counter(
            "egress_alerts_replica_inversions_total",
            "Samples passed over because they were older than the one before: two scrapers' samples are mixed in one series.");
        _parts = metrics.Gauge("egress_alerts_query_parts", "Queries that read one of Istio's metrics in each window: 1 where one query can.", "metric");
        _series = metrics.Gauge("egress_alerts_raw_series", "Istio's series whose last value is remembered.");
        _warnings = metrics.Gauge(
            "egress_alerts_telemetry_warnings", "1 where the mesh's telemetry makes counts wrong or blind; /api/v1/status says how to mend it.", "kind");
        foreach (var reason in Enum.GetValues<FailureReason>()) _failures.WithLabels(reason.LabelValue());
        foreach (var raw in RawMetric.All) Parts(raw.Name, 1);
        Warnings([]);
    }

    internal void Query(TimeSpan took, FailureReason? failure)
    {
        _duration.Observe(took.TotalSeconds);
        if (failure is { } reason) _failures.WithLabels(reason.LabelValue()).Inc();
    }

    internal void Warnings(IReadOnlyList<string> kinds)
    {
        foreach (var kind in TelemetryWarning.Kinds) _warnings.WithLabels(kind).Set(kinds.Contains(kind) ? 1 : 0);
    }

    internal void Parts(string metric, int count) => _parts.WithLabels(metric).Set(count);

    internal void Series(int count) => _series.Set(count);

    internal void Inversions(long count) => _inversions.IncTo(count);
}
