using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Registry;

/// <summary>What the mesh registers now, from files that are read again when they change, and from the cluster. <see cref="Refresh"/> is for one thread; any
/// thread may read the properties.</summary>
public sealed class MeshView
{
    private readonly RegistryOptions _options;
    private readonly Func<MeshRegistry, Door> _door;
    private readonly ClusterWatch? _cluster;
    private readonly RegistryMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Dictionary<string, WatchedFile<MeshRegistry>> _files = [];
    private volatile MeshPicture? _current;
    private volatile IReadOnlyList<FileStatus> _status = [];
    private IReadOnlyList<MeshRegistry> _contents = [];

    /// <param name="gateways">The egress gateways as namespace/workload. A Sidecar does not apply to them.</param>
    /// <param name="cluster">Null where nothing is watched.</param>
    /// <param name="logger">Told of files that cannot be used. The view goes on without them.</param>
    public MeshView(
        RegistryOptions options, string clusterDomain, IReadOnlyCollection<string> gateways, ClusterWatch? cluster, RegistryMetrics metrics,
        ILogger<MeshView> logger)
    {
        (_options, _cluster, _metrics, _logger) = (options, cluster, metrics, logger);
        // What a mesh does with unknown hosts is not asked here.
        _door = registry => new(registry, options.MeshMode, registryOnly: true, options.RootNamespace, clusterDomain, gateways);
        Refresh();
    }

    /// <summary>Null where the configuration names no source of resources, or before the cluster has told all of them.</summary>
    public MeshPicture? Current => _current;

    public IReadOnlyList<FileStatus> Files => _status;

    public MeshMode Mode => _options.MeshMode;

    /// <summary>Reads files that have changed, and takes what the cluster has told since. Logs each change and each refusal of a file once.</summary>
    public void Refresh()
    {
        if (_options.ServiceEntryFiles.Count == 0 && _cluster is null) return;
        var paths = _options.ServiceEntryFiles.SelectMany(ResourcePath.Files).Distinct().ToList();

        // A file that no pattern matches any more takes its resources with it. A file that is named keeps them, because it may only be replaced.
        foreach (var gone in _files.Keys.Except(paths).ToList()) _files.Remove(gone);
        foreach (var path in paths)
        {
            if (_files.TryGetValue(path, out var known)) known.Refresh(_logger);
            else _files[path] = new(path, file => MeshRegistry.Read(file), ResourceFile.MaxBytes, MeshRegistry.Empty, _logger);
        }

        var files = paths.ConvertAll(path => _files[path]);
        _status = files.ConvertAll(file => file.Status);
        _metrics.Refused(_status.Count(file => file.Refusal.Length > 0));
        var contents = files.ConvertAll(file => file.Content);
        if (_cluster is not null)
        {
            // Half of what is registered would make the other half look unregistered, so nothing is known before the first whole list.
            if (_cluster.Take() is not { } watched) return;
            contents.Add(watched);
        }

        if (_current is not null && contents.SequenceEqual(_contents)) return;
        _contents = contents;
        var registry = contents.Aggregate(MeshRegistry.Empty, (all, one) => all.With(one));
        _current = new(registry, _door(registry), EntryFindings.Of(registry, _options.MeshMode));
        _metrics.Use(registry);
    }
}

/// <summary>What the mesh registers, and what follows from it. Immutable.</summary>
public sealed record MeshPicture(MeshRegistry Registry, Door Door, IReadOnlyList<EntryFinding> Findings);
