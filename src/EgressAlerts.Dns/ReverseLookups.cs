using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace EgressAlerts.Dns;

/// <summary>Finds the names of addresses in the background; nobody ever waits for DNS longer than they choose to. Any thread.</summary>
public sealed class ReverseLookups : IAsyncDisposable
{
    private const int QueueCapacity = 20_000;
    private const int MaxConfirmedNames = 5;

    private readonly DnsOptions _options;
    private readonly DnsMetrics _metrics;
    private readonly StubResolver _resolver;
    private readonly ReverseCache _cache;
    private readonly LookupQueue _queue = new(QueueCapacity);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running = 1; // One for the owner.

    public ReverseLookups(DnsOptions options, DnsMetrics metrics, TimeProvider time)
    {
        (_options, _metrics) = (options, metrics);
        _resolver = new StubResolver(options, metrics, time);
        _cache = new ReverseCache(options, time);
        metrics.Watch(() => _cache.Count, () => Waiting);
    }

    /// <summary>What is known now. Asks in the background where nothing is, or where it is time to ask again.</summary>
    /// <param name="weight">How much traffic hangs on it: those with most are asked for first.</param>
    public ReverseAnswer Find(IPAddress address, double weight = 0)
    {
        var answer = _cache.Find(address, out var due);
        if (!due) return answer;
        if (!_queue.TryAdd(address, weight)) _metrics.Dropped();
        StartWorker();
        return answer;
    }

    /// <summary>How many addresses wait for their turn.</summary>
    internal int Waiting => _queue.Waiting;

    /// <summary>Completes when the look-ups of these addresses that are under way have ended, or after <paramref name="most"/>.</summary>
    public async Task SettleAsync(IEnumerable<IPAddress> addresses, TimeSpan most, CancellationToken cancel)
    {
        var done = _queue.WhenDone(addresses);
        if (done.IsCompleted) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(most);
        try
        {
            await done.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // The rest comes later: the next window finds it.
        }
    }

    public void Save(BinaryWriter to) => _cache.Save(to);

    public void Load(BinaryReader from) => _cache.Load(from);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _resolver.Dispose();
        WorkerEnded();
        await _ended.Task;
        _stop.Dispose();
    }

    /// <summary>There are as many workers as there is work, at most <c>dns.max_in_flight</c>.</summary>
    private void StartWorker()
    {
        lock (_lock)
        {
            if (_running > _options.MaxInFlight || _stop.IsCancellationRequested) return;
            _running++;
        }

        _ = Task.Run(WorkAsync);
    }

    private void WorkerEnded()
    {
        lock (_lock)
        {
            if (--_running == 0) _ended.TrySetResult();
        }
    }

    private async Task WorkAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested && _queue.Take() is { } flight)
            {
                try
                {
                    await LookUpAsync(flight.Address, _stop.Token);
                }
                finally
                {
                    _queue.Done(flight);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // Stopped: whoever still waits has a limit of their own.
        }
        finally
        {
            WorkerEnded();
        }

        // What came in between the last look into the queue and the end of this worker.
        if (_queue.Waiting > 0) StartWorker();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask LookUpAsync(IPAddress address, CancellationToken cancel)
    {
        var reply = await _resolver.AskAsync(ReverseZone.NameOf(address), RecordType.Ptr, cancel);
        if (reply.Outcome == DnsOutcome.Failure)
        {
            _metrics.Lookup("failed");
            _cache.StoreFailure(address);
            return;
        }

        if (reply.Names.Count == 0)
        {
            _metrics.Lookup("unnamed");
            _cache.Store(address, new(ReverseState.Unnamed, "", Confirmed: false), reply.Ttl);
            return;
        }

        // Servers rotate their answers: the choice must not follow.
        IReadOnlyList<string> names = reply.Names.Count == 1 ? reply.Names : [.. reply.Names.Order(StringComparer.Ordinal).Take(MaxConfirmedNames)];
        var confirmed = _options.Confirm ? await ConfirmedAsync(address, names, cancel) : (Name: null, Failed: false);
        if (confirmed.Name is null && confirmed.Failed)
        {
            // Whether the name is good is not known: better no name for a moment than one that changes its standing.
            _metrics.Lookup("failed");
            _cache.StoreFailure(address);
            return;
        }

        _metrics.Lookup(confirmed.Name is null ? "unconfirmed" : "confirmed");
        _cache.Store(address, new(ReverseState.Named, confirmed.Name ?? names[0], confirmed.Name is not null), reply.Ttl);
    }

    private async Task<(string? Name, bool Failed)> ConfirmedAsync(IPAddress address, IReadOnlyList<string> names, CancellationToken cancel)
    {
        var type = address.AddressFamily == AddressFamily.InterNetwork ? RecordType.A : RecordType.Aaaa;
        var failed = false;
        foreach (var name in names)
        {
            var reply = await _resolver.AskAsync(name, type, cancel);
            if (reply.Addresses.Contains(address)) return (name, false);
            failed |= reply.Outcome == DnsOutcome.Failure;
        }

        return (null, failed);
    }
}
