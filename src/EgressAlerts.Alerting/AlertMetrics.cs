using System.Diagnostics.Metrics;

namespace EgressAlerts.Alerting;

/// <summary>What alerting says about itself; the notification metrics are named as Prometheus names its own, and count alerts, not requests.</summary>
public sealed class AlertMetrics
{
    private const string Label = "alertmanager";
    private static readonly double[] LatencyBounds = [0.01, 0.1, 1, 10];

    private readonly Counter<long> _sent;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _dropped;
    private readonly Histogram<double> _latency;
    private readonly Counter<long> _undiscovered;
    private volatile IReadOnlyList<(string Name, string State, int Count)> _alerts = [];
    private readonly Action<string, string>? _forget;
    private readonly Lock _lock = new();
    private readonly List<(string Alertmanager, Func<int> Waiting)> _senders = [];

    /// <param name="forget">Removes all series whose label (first argument) has a value (second argument). Discovered Alertmanagers come and go.</param>
    public AlertMetrics(Meter meter, Action<string, string>? forget = null)
    {
        _forget = forget;
        _sent = meter.CreateCounter<long>("egress_alerts_notifications_sent_total", null, "Alerts that an Alertmanager took.");
        _errors = meter.CreateCounter<long>(
            "egress_alerts_notifications_errors_total", null, "Alerts that could not be delivered or that an Alertmanager refused, by reason.");
        _dropped = meter.CreateCounter<long>("egress_alerts_notifications_dropped_total", null, "Alerts given up: refused, undeliverable until the next resend, or pushed out of a full queue.");
        _latency = meter.CreateHistogram(
            "egress_alerts_notifications_latency_seconds", null, "Time that a request to an Alertmanager took, answered or not.",
            tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = LatencyBounds });
        _undiscovered = meter.CreateCounter<long>(
            "egress_alerts_alertmanager_discovery_failures_total",
            null,
            "Failed attempts to find out which Alertmanagers there are, by reason; the known ones stay in use.");
        foreach (var reason in Enum.GetValues<DiscoveryFailureReason>()) _undiscovered.Add(0, Tag("reason", Word(reason)));
        meter.CreateObservableGauge(
            "egress_alerts_notifications_queue_length",
            () => Waiting().Select(queue => new Measurement<int>(queue.Value, Tag(Label, queue.Key))),
            null,
            "Alerts that wait to be sent.");
        meter.CreateObservableGauge("egress_alerts_notifications_queue_capacity", () => AlertQueue.Capacity, null, "The most alerts that can wait for one Alertmanager.");
        meter.CreateObservableGauge("egress_alerts_notifications_alertmanagers", () => Waiting().Count, null, "Alertmanagers that alerts are sent to.");
        meter.CreateObservableGauge(
            "egress_alerts_alerts",
            () => _alerts.Select(alerts => new Measurement<int>(alerts.Count, Tag("alertname", alerts.Name), Tag("state", alerts.State))),
            null,
            "Alerts by state: firing, resolved lately, or held back because there are too many.");
    }

    /// <summary>One attempt to find Alertmanagers failed. Any thread.</summary>
    public void DiscoveryFailed(DiscoveryFailureReason reason) => _undiscovered.Add(1, Tag("reason", Word(reason)));

    internal void Alerts(IEnumerable<Alert> alerts, IEnumerable<Alert> heldBack) => _alerts =
    [
        .. alerts.Select(alert => (Name: alert.Labels["alertname"], State: alert.ResolvedAt is null ? "firing" : "resolved"))
            .Concat(heldBack.Select(alert => (Name: alert.Labels["alertname"], State: "held_back")))
            .CountBy(alert => alert)
            .Select(count => (count.Key.Name, count.Key.State, count.Value)),
    ];

    /// <summary>A sender has begun; its counters begin at 0.</summary>
    internal void Joined(string alertmanager, Func<int> waiting)
    {
        lock (_lock)
        {
            _senders.Add((alertmanager, waiting));
            _sent.Add(0, Tag(Label, alertmanager));
            foreach (var reason in Enum.GetValues<DeliveryFailureReason>()) _errors.Add(0, Tag(Label, alertmanager), Tag("reason", reason.Word()));
            _dropped.Add(0, Tag(Label, alertmanager));
        }
    }

    /// <summary>A sender has ended. With the last sender to an Alertmanager its series end; after a reload two senders overlap.</summary>
    internal void Left(string alertmanager, Func<int> waiting)
    {
        lock (_lock)
        {
            _senders.Remove((alertmanager, waiting));
            if (_senders.TrueForAll(sender => sender.Alertmanager != alertmanager)) _forget?.Invoke(Label, alertmanager);
        }
    }

    internal void Sent(string alertmanager, int alerts) => _sent.Add(alerts, Tag(Label, alertmanager));

    internal void Failed(string alertmanager, DeliveryFailureReason reason, int alerts)
    {
        _errors.Add(alerts, Tag(Label, alertmanager), Tag("reason", reason.Word()));
        _dropped.Add(alerts, Tag(Label, alertmanager));
    }

    internal void Took(string alertmanager, TimeSpan time) => _latency.Record(time.TotalSeconds, Tag(Label, alertmanager));

    internal void Dropped(string alertmanager, int alerts) => _dropped.Add(alerts, Tag(Label, alertmanager));

    private Dictionary<string, int> Waiting()
    {
        lock (_lock)
        {
            return _senders.GroupBy(sender => sender.Alertmanager).ToDictionary(senders => senders.Key, senders => senders.Sum(sender => sender.Waiting()));
        }
    }

    private static string Word(DiscoveryFailureReason reason) => reason == DiscoveryFailureReason.Dns ? "dns" : "unexpected";

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}

/// <summary>Why it could not be found out which Alertmanagers there are.</summary>
public enum DiscoveryFailureReason
{
    /// <summary>No name server answered.</summary>
    Dns,

    /// <summary>An exception that nobody foresaw.</summary>
    Unexpected,
}
