using EgressAlerts.Alerting;
using EgressAlerts.Cardinality;
using EgressAlerts.Detection;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using EgressAlerts.Registry;
using Microsoft.Extensions.Logging;

namespace EgressAlerts;

/// <summary>What the samples of a window pass through until they are alerts. One thread at a time.</summary>
internal sealed record Stages(
    MeshView Mesh, Poller Poller, Lookups Lookups, Namer Naming, Detectors Detection, SeriesBudget Budget, AlertBook Book)
{
    /// <summary>Reads Istio's resources anew where they have changed, and hands on which hosts are registered. Called between windows.</summary>
    public void RefreshMesh()
    {
        Mesh.Refresh();
        if (!ReferenceEquals(Mesh.Current, _used)) Poller.Use(Mesh.Current is { } picture ? picture.Door.Registers : null);
        _used = Mesh.Current;
    }

    private MeshPicture? _used;
}

/// <summary>What all stages get, and what outlives a reload.</summary>
/// <param name="Time">The clock of windows. In a backtest it shows when a window would have been read.</param>
internal sealed record ServiceParts(ServiceMetrics Metrics, TimeProvider Time, ILoggerFactory Loggers)
{
    public ILogger<T> Logger<T>() => Loggers.CreateLogger<T>();

    public ILogger Logger(string category) => Loggers.CreateLogger(category);
}
