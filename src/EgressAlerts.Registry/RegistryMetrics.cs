using EgressAlerts.Common;
using EgressAlerts.Model;
using Prometheus;

namespace EgressAlerts.Registry;

/// <summary>The metrics of Istio's resources as the service knows them.</summary>
public sealed class RegistryMetrics
{
    private readonly Gauge _resources;
    private readonly Gauge _refused;
    private readonly Gauge _connected;
    private readonly Gauge _objects;
    private readonly Counter _restarts;

    public RegistryMetrics(MetricRegistry metrics)
    {
        _resources = metrics.Gauge("egress_alerts_mesh_resources", "Istio's resources that are known, from files and from the Kubernetes API.", "kind");
        _refused = metrics.Gauge(
            "egress_alerts_mesh_files_refused", "Files of telemetry.service_entry_files that cannot be used as they are. What they said before stays in use.");
        _connected = metrics.Gauge(
            "egress_alerts_mesh_watch_connected", "Whether a kind of resources is watched through the Kubernetes API now (telemetry.kubernetes).", "kind");
        _objects = metrics.Gauge(
            "egress_alerts_mesh_objects_refused", "Resources of the Kubernetes API that cannot be read and are left out.", "kind");
        _restarts = metrics.Counter(
            "egress_alerts_mesh_watch_restarts_total",
            "Lists and watches of the Kubernetes API that ended and were begun again, by reason. The reason ended is no failure.",
            "reason");
        foreach (var reason in Enum.GetValues<WatchEnd>()) _restarts.WithLabels(reason.LabelValue());
        Use(MeshRegistry.Empty);
    }

    internal void Use(MeshRegistry registry)
    {
        _resources.WithLabels("service_entry").Set(registry.Entries.Count);
        _resources.WithLabels("sidecar").Set(registry.Sidecars.Count);
        _resources.WithLabels("authorization_policy").Set(registry.Policies.Count);
    }

    internal void Refused(int files) => _refused.Set(files);

    internal void WatchConnected(string kind, bool isConnected) => _connected.WithLabels(kind).Set(isConnected ? 1 : 0);

    internal void ObjectsRefused(string kind, int objects) => _objects.WithLabels(kind).Set(objects);

    internal void WatchRestarted(WatchEnd reason) => _restarts.WithLabels(reason.LabelValue()).Inc();

    /// <summary>Nothing is watched any more, so nothing says that it is not connected.</summary>
    internal void WatchEnded()
    {
        _connected.Replace([]);
        _objects.Replace([]);
    }
}
