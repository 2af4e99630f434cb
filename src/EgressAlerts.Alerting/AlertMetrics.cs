using System.Diagnostics.Metrics;

namespace EgressAlerts.Alerting;

/// <summary>What alerting says about itself; the notification metrics are named as Prometheus names its own, and count alerts, not requests.</summary>
public sealed class AlertMetrics
{
    private static readonly double[] LatencyBounds = [0.01, 0.1, 1, 10];

    private readonly Counter<long> _sent;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _dropped;
    private readonly Histogram<double> _latency;
    private volatile IReadOnlyList<(string Name, string State, int Count)> _alerts = [];
    private volatile IReadOnlyList<(string Alertmanager, Func<int> Length)> _queues = [];

    public AlertMetrics(Meter meter)
    {
        _sent = meter.CreateCounter<long>("egress_alerts_notifications_sent_total", null, "Alerts that an Alertmanager took.");
        _errors = meter.CreateCounter<long>("egress_alerts_notifications_errors_total", null, "Alerts that could not be delivered or that an Alertmanager refused.");
        _dropped = meter.CreateCounter<long>("egress_alerts_notifications_dropped_total", null, "Alerts given up: refused, undeliverable until the next resend, or pushed out of a full queue.");
        _latency = meter.CreateHistogram(
            "egress_alerts_notifications_latency_seconds", null, "Time that a request to an Alertmanager took, answered or not.",
            tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = LatencyBounds });
        meter.CreateObservableGauge(
            "egress_alerts_notifications_queue_length",
            () => _queues.Select(queue => new Measurement<int>(queue.Length(), Tag("alertmanager", queue.Alertmanager))),
            null,
            "Alerts that wait to be sent.");
        meter.CreateObservableGauge("egress_alerts_notifications_queue_capacity", () => AlertQueue.Capacity, null, "The most alerts that can wait for one Alertmanager.");
        meter.CreateObservableGauge("egress_alerts_notifications_alertmanagers", () => _queues.Count, null, "Alertmanagers that alerts are sent to.");
        meter.CreateObservableGauge(
            "egress_alerts_alerts",
            () => _alerts.Select(alerts => new Measurement<int>(alerts.Count, Tag("alertname", alerts.Name), Tag("state", alerts.State))),
            null,
            "Alerts by state: firing, resolved lately, or held back because there are too many.");
    }

    internal void Alerts(IEnumerable<Alert> alerts, IEnumerable<Alert> heldBack) => _alerts =
    [
        .. alerts.Select(alert => (Name: alert.Labels["alertname"], State: alert.ResolvedAt is null ? "firing" : "resolved"))
            .Concat(heldBack.Select(alert => (Name: alert.Labels["alertname"], State: "held_back")))
            .CountBy(alert => alert)
            .Select(count => (count.Key.Name, count.Key.State, count.Value)),
    ];

    internal void Queues(IReadOnlyList<(string Alertmanager, Func<int> Length)> queues)
    {
        _queues = queues;
        foreach (var (alertmanager, _) in queues)
        {
            _sent.Add(0, Tag("alertmanager", alertmanager));
            _errors.Add(0, Tag("alertmanager", alertmanager));
            _dropped.Add(0, Tag("alertmanager", alertmanager));
        }
    }

    internal void Sent(string alertmanager, int alerts) => _sent.Add(alerts, Tag("alertmanager", alertmanager));

    internal void Failed(string alertmanager, int alerts)
    {
        _errors.Add(alerts, Tag("alertmanager", alertmanager));
        _dropped.Add(alerts, Tag("alertmanager", alertmanager));
    }

    internal void Took(string alertmanager, TimeSpan time) => _latency.Record(time.TotalSeconds, Tag("alertmanager", alertmanager));

    internal void Dropped(string alertmanager) => _dropped.Add(1, Tag("alertmanager", alertmanager));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
