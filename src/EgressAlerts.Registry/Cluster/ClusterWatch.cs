using Microsoft.Extensions.Logging;

namespace EgressAlerts.Registry;

/// <summary>Watches Istio's ServiceEntries and Sidecars through the Kubernetes API, in the background from <see cref="Start"/> on.</summary>
/// <remarks>One thread calls <see cref="Take"/>. Any thread may read <see cref="Status"/>.</remarks>
public sealed class ClusterWatch : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly RegistryMetrics _metrics;
    private readonly KindWatch<ServiceEntry> _entries;
    private readonly KindWatch<Sidecar> _sidecars;
    private readonly CancellationTokenSource _stop = new();
    private (IReadOnlyList<ServiceEntry>?, IReadOnlyList<Sidecar>?) _taken;
    private MeshRegistry? _registry;
    private Task _running = Task.CompletedTask;

    /// <param name="access">The watch disposes of its client.</param>
    public ClusterWatch(ClusterAccess access, RegistryMetrics metrics, TimeProvider time, ILogger<ClusterWatch> logger)
    {
        (_http, _metrics) = (access.Http, metrics);
        _entries = new(ResourceKinds.ServiceEntry, access, metrics, time, logger);
        _sidecars = new(ResourceKinds.Sidecar, access, metrics, time, logger);
    }

    /// <summary>How each kind stands.</summary>
    public IReadOnlyList<KindStatus> Status => [_entries.Status, _sidecars.Status];

    /// <summary>Ends when there is a whole list of each kind.</summary>
    public Task Listed => Task.WhenAll(_entries.Listed, _sidecars.Listed);

    public void Start() => _running = Task.WhenAll(Task.Run(() => _entries.RunAsync(_stop.Token)), Task.Run(() => _sidecars.RunAsync(_stop.Token)));

    /// <summary>What the cluster has, as last told. Null before the first whole list of each kind. The same registry as long as nothing has changed.</summary>
    public MeshRegistry? Take()
    {
        if (_entries.Take() is not { } entries || _sidecars.Take() is not { } sidecars) return null;
        if (ReferenceEquals(_taken.Item1, entries) && ReferenceEquals(_taken.Item2, sidecars)) return _registry;
        _taken = (entries, sidecars);
        return _registry = MeshRegistry.Of(entries, sidecars);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _metrics.WatchEnded();
        _http.Dispose();
        _stop.Dispose();
    }
}
