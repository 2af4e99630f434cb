using EgressAlerts.Alerting;
using EgressAlerts.Detection;
using EgressAlerts.Dns;
using EgressAlerts.Measuring;
using EgressAlerts.Polling;

namespace EgressAlerts;

/// <summary>Every stage's metrics; they outlive a reload.</summary>
internal sealed class StageMetrics(MetricRegistry metrics, TimeProvider time)
{
    public ServiceMetrics Service { get; } = new(metrics, time);

    public PollingMetrics Polling { get; } = new(metrics);

    public DnsMetrics Dns { get; } = new(metrics);

    public DetectionMetrics Detection { get; } = new(metrics, time);

    public AlertMetrics Alerts { get; } = new(metrics);
}
