using EgressAlerts.Common;
using Prometheus;

namespace EgressAlerts.Registry;

/// <summary>The metrics of Istio's resources as the service knows them.</summary>
public sealed class RegistryMetrics
{
    private readonly Gauge _resources;
    private readonly Gauge _refused;

    public RegistryMetrics(MetricRegistry metrics)
    {
        _resources = metrics.Gauge("egress_alerts_mesh_resources", "Istio's resources that are known, from telemetry.service_entry_files.", "kind");
        _refused = metrics.Gauge(
            "egress_alerts_mesh_files_refused", "Files of telemetry.service_entry_files that cannot be used as they are. What they said before stays in use.");
        Use(MeshRegistry.Empty);
    }

    internal void Use(MeshRegistry registry)
    {
        _resources.WithLabels("service_entry").Set(registry.Entries.Count);
        _resources.WithLabels("sidecar").Set(registry.Sidecars.Count);
        _resources.WithLabels("authorization_policy").Set(registry.Policies.Count);
    }

    internal void Refused(int files) => _refused.Set(files);
}
