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
/// <param name="Cluster">Null where nothing is watched.</param>
internal sealed record Stages(
    MeshView Mesh, ClusterWatch? Cluster, Poller Poller, Lookups Lookups, Namer Naming, Detectors Detection, SeriesBudget Budget, AlertBook Book)
{
    /// <summary>Reads Istio's resources anew where they have changed, and hands on which hosts are registered. Called between windows.</summary>
    public void RefreshMesh()
    {
        Mesh.Refresh();
        if (!ReferenceEquals(Mesh.Current, _used)) Poller.Use(Mesh.Current is { } picture ? picture.Door.Registers : null);
        _used = Mesh.Current;
    }

    /// <summary>Gives the cluster some seconds to tell what it registers, once. Otherwise the first window after each start would have to guess. A cluster that
    /// does not answer holds up nothing but that window.</summary>
    public async Task MeshListedAsync(CancellationToken cancel)
    {
        if (Cluster is null || _hasWaited) return;
        _hasWaited = true;
        await Task.WhenAny(Cluster.Listed, Task.Delay(LongestWait, cancel));
    }

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private MeshPicture? _used;
    private bool _hasWaited;
}

/// <summary>What all stages get, and what outlives a reload.</summary>
/// <param name="Time">The clock of windows. In a backtest it shows when a window would have been read.</param>
internal sealed record ServiceParts(ServiceMetrics Metrics, TimeProvider Time, ILoggerFactory Loggers)
{
    public ILogger<T> Logger<T>() => Loggers.CreateLogger<T>();

    public ILogger Logger(string category) => Loggers.CreateLogger(category);
}
