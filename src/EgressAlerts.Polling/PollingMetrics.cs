using System.Diagnostics.Metrics;

namespace EgressAlerts.Polling;

/// <summary>What polling says about itself.</summary>
public sealed class PollingMetrics
{
    private static readonly double[] DurationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];

    private readonly Histogram<double> _duration;
    private readonly Counter<long> _failures;
    private int _series;
    private long _inversions;
    private IReadOnlyList<string> _warnings = [];

    public PollingMetrics(Meter meter)
    {
        _duration = meter.CreateHistogram(
            "egress_alerts_query_duration_seconds", "s", "How long Prometheus' answers took, retries included.",
            tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });
        _failures = meter.CreateCounter<long>("egress_alerts_query_failures_total", null, "Queries without a complete answer; their window is tried again.");
        foreach (var reason in Enum.GetValues<FailureReason>()) _failures.Add(0, new KeyValuePair<string, object?>("reason", reason.Word()));
        meter.CreateObservableGauge("egress_alerts_raw_series", () => Volatile.Read(ref _series), null, "Istio's series whose last value is remembered.");
        meter.CreateObservableCounter(
            "egress_alerts_replica_inversions_total", () => Volatile.Read(ref _inversions), null,
            "Samples passed over because they were older than the one before: two scrapers' samples are mixed in one series.");
        meter.CreateObservableGauge(
            "egress_alerts_telemetry_warnings", Warned, null, "1 where the mesh's telemetry makes counts wrong or blind; /api/v1/status says how to mend it.");
    }

    internal void Query(TimeSpan took, FailureReason? failure)
    {
        _duration.Record(took.TotalSeconds);
        if (failure is { } reason) _failures.Add(1, new KeyValuePair<string, object?>("reason", reason.Word()));
    }

    internal void Warnings(IReadOnlyList<string> kinds) => Volatile.Write(ref _warnings, kinds);

    internal void Series(int count) => Volatile.Write(ref _series, count);

    internal void Inversions(long count) => Volatile.Write(ref _inversions, count);

    private IEnumerable<Measurement<int>> Warned()
    {
        var warnings = Volatile.Read(ref _warnings);
        return TelemetryWarning.Kinds.Select(kind => new Measurement<int>(warnings.Contains(kind) ? 1 : 0, new KeyValuePair<string, object?>("kind", kind)));
    }
}
