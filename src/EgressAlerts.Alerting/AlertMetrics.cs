using EgressAlerts.Common;
using EgressAlerts.Model;
using Prometheus;

namespace EgressAlerts.Alerting;

/// <summary>What alerting says about itself; the notification metrics are named as Prometheus names its own, and count alerts, not requests.</summary>
public sealed class AlertMetrics
{
    private const string Alertmanager = "alertmanager";
    private static readonly double[] LatencyBounds = [0.01, 0.1, 1, 10];

    private readonly Counter _sent;
    private readonly Counter _errors;
    private readonly Counter _dropped;
    private readonly Histogram _latency;
    private readonly Counter _undiscovered;
    private readonly Gauge _alerts;
    private readonly Gauge _firing;
    private readonly Lock _lock = new();
    private readonly List<(string Alertmanager, Func<int> Waiting)> _senders = [];

    public AlertMetrics(MetricRegistry metrics)
    {
        _sent = metrics.Counter("egress_alerts_notifications_sent_total", "Alerts that an Alertmanager took.", Alertmanager);
        _errors = metrics.Counter(
            "egress_alerts_notifications_errors_total",
            "Alerts that could not be delivered or that an Alertmanager refused, by reason.",
            Alertmanager,
            "reason");
        _dropped = metrics.Counter(
            "egress_alerts_notifications_dropped_total",
            "Alerts given up: refused, undeliverable until the next resend, or pushed out of a full queue.",
            Alertmanager);
        _latency = metrics.Histogram(
            "egress_alerts_notifications_latency_seconds", "Time that a request to an Alertmanager took, answered or not.", LatencyBounds, Alertmanager);
        _undiscovered = metrics.Counter(
            "egress_alerts_alertmanager_discovery_failures_total",
            "Failed attempts to find out which Alertmanagers there are, by reason; the known ones stay in use.",
            "reason");
        foreach (var reason in Enum.GetValues<DiscoveryFailureReason>()) _undiscovered.WithLabels(reason.LabelValue());
        _alerts = metrics.Gauge(
            "egress_alerts_alerts", "Alerts by state: firing, resolved lately, or held back because there are too many.", "alertname", "state");
        _firing = metrics.Gauge(
            "egress_alerts_firing",
            "Alerts that fire, by name, severity and workload. There are no more of them than alerting.max_alerts and alerting.max_info_alerts let fire.",
            ["alertname", "severity", .. Workload.Columns]);
        metrics.Gauge("egress_alerts_notifications_queue_capacity", "The most alerts that can wait for one Alertmanager.").Set(AlertQueue.Capacity);
        var length = metrics.Gauge("egress_alerts_notifications_queue_length", "Alerts that wait to be sent.", Alertmanager);
        var alertmanagers = metrics.Gauge("egress_alerts_notifications_alertmanagers", "Alertmanagers that alerts are sent to.");
        metrics.BeforeScrape(() =>
        {
            var waiting = Waiting();
            length.Replace(waiting.Select(queue => ((string[])[queue.Key], (double)queue.Value)));
            alertmanagers.Set(waiting.Count);
        });
    }

    /// <summary>One attempt to find Alertmanagers failed. Any thread.</summary>
    public void DiscoveryFailed(DiscoveryFailureReason reason) => _undiscovered.WithLabels(reason.LabelValue()).Inc();

    internal void Alerts(IReadOnlyCollection<Alert> alerts, IEnumerable<Alert> heldBack)
    {
        _alerts.Replace(
            alerts.Select(alert => (Name: alert.Labels["alertname"], State: alert.ResolvedAt is null ? "firing" : "resolved"))
                .Concat(heldBack.Select(alert => (Name: alert.Labels["alertname"], State: "held_back")))
                .CountBy(alert => alert)
                .Select(count => ((string[])[count.Key.Name, count.Key.State], (double)count.Value)));
        _firing.Replace(
            alerts.Where(alert => alert.ResolvedAt is null)
                .CountBy(alert => (Name: alert.Labels["alertname"], Severity: alert.Labels["severity"], Source: Workload.Of(alert.Labels)))
                .Select(count => (Labels(count.Key.Name, count.Key.Severity, count.Key.Source), (double)count.Value)));
    }

    private static string[] Labels(string name, string severity, Workload source) => [name, severity, .. source.Values.Select(value => (string)value)];

    /// <summary>A sender has begun; its counters begin at 0.</summary>
    internal void Joined(string alertmanager, Func<int> waiting)
    {
        lock (_lock)
        {
            _senders.Add((alertmanager, waiting));
            _sent.WithLabels(alertmanager);
            _dropped.WithLabels(alertmanager);
            foreach (var reason in Enum.GetValues<DeliveryFailureReason>()) _errors.WithLabels(alertmanager, reason.LabelValue());
        }
    }

    /// <summary>A sender has ended. With the last sender to an Alertmanager its series end; after a reload two senders overlap.</summary>
    internal void Left(string alertmanager, Func<int> waiting)
    {
        lock (_lock)
        {
            _senders.Remove((alertmanager, waiting));
            if (_senders.Exists(sender => sender.Alertmanager == alertmanager)) return;
            _sent.RemoveLabelled(alertmanager);
            _dropped.RemoveLabelled(alertmanager);
            _latency.RemoveLabelled(alertmanager);
            foreach (var reason in Enum.GetValues<DeliveryFailureReason>()) _errors.RemoveLabelled(alertmanager, reason.LabelValue());
        }
    }

    internal void Sent(string alertmanager, int alerts) => _sent.WithLabels(alertmanager).Inc(alerts);

    internal void Failed(string alertmanager, DeliveryFailureReason reason, int alerts)
    {
        _errors.WithLabels(alertmanager, reason.LabelValue()).Inc(alerts);
        Dropped(alertmanager, alerts);
    }

    internal void Took(string alertmanager, TimeSpan time) => _latency.WithLabels(alertmanager).Observe(time.TotalSeconds);

    internal void Dropped(string alertmanager, int alerts) => _dropped.WithLabels(alertmanager).Inc(alerts);

    private Dictionary<string, int> Waiting()
    {
        lock (_lock)
        {
            return _senders.GroupBy(sender => sender.Alertmanager).ToDictionary(senders => senders.Key, senders => senders.Sum(sender => sender.Waiting()));
        }
    }
}

/// <summary>Why it could not be found out which Alertmanagers there are.</summary>
public enum DiscoveryFailureReason
{
    /// <summary>No name server answered.</summary>
    Dns,

    /// <summary>An exception that nobody foresaw.</summary>
    Unexpected,
}
