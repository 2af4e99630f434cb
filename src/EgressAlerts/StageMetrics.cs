using System.Diagnostics.Metrics;
using EgressAlerts.Alerting;
using EgressAlerts.Detection;
using EgressAlerts.Dns;
using EgressAlerts.Polling;

namespace EgressAlerts;

/// <summary>Every stage's metrics; they outlive a reload.</summary>
/// <param name="forget">Removes the series of a label's value.</param>
internal sealed class StageMetrics(Meter meter, Action<string, string> forget, TimeProvider time)
{
    public ServiceMetrics Service { get; } = new(meter, time);

    public PollingMetrics Polling { get; } = new(meter);

    public DnsMetrics Dns { get; } = new(meter);

    public DetectionMetrics Detection { get; } = new(meter, time);

    public AlertMetrics Alerts { get; } = new(meter, forget);
}
