using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

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
    private readonly Channel<IPAddress> _queue = Channel.CreateBounded<IPAddress>(new BoundedChannelOptions(QueueCapacity) { FullMode = BoundedChannelFullMode.Wait });
    private readonly ConcurrentDictionary<IPAddress, TaskCompletionSource> _inFlight = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _workers;

    public ReverseLookups(DnsOptions options, DnsMetrics metrics, TimeProvider time)
    {
        (_options, _metrics) = (options, metrics);
        _resolver = new StubResolver(options, metrics);
        _cache = new ReverseCache(options, time);
        metrics.Entries(() => _cache.Count);
        _workers = [.. Enumerable.Range(0, options.MaxInFlight).Select(_ => Task.Run(WorkAsync))];
    }

    /// <summary>What is known now. Asks in the background where nothing is, or where it is time to ask again.</summary>
    public ReverseAnswer Find(IPAddress address)
    {
        var answer = _cache.Find(address, out var due);
        if (due) Want(address);
        return answer;
    }

    /// <summary>Completes when the look-ups of these addresses that are under way have ended, or after <paramref name="most"/>.</summary>
    public async Task SettleAsync(IEnumerable<IPAddress> addresses, TimeSpan most, CancellationToken cancel)
    {
        var underWay = addresses.Select(address => _inFlight.GetValueOrDefault(address)?.Task).OfType<Task>().ToList();
        if (underWay.Count == 0) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(most);
        try
        {
            await Task.WhenAll(underWay).WaitAsync(limit.Token);
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
        _queue.Writer.TryComplete();
        await _stop.CancelAsync();
        await Task.WhenAll(_workers);
        _resolver.Dispose();
        _stop.Dispose();
    }

    private void Want(IPAddress address)
    {
        if (!_inFlight.TryAdd(address, new(TaskCreationOptions.RunContinuationsAsynchronously))) return;
        if (_queue.Writer.TryWrite(address)) return;
        _metrics.Dropped();
        _inFlight.TryRemove(address, out _);
    }

    private async Task WorkAsync()
    {
        try
        {
            await foreach (var address in _queue.Reader.ReadAllAsync(_stop.Token))
            {
                await LookUpAsync(address, _stop.Token);
                if (_inFlight.TryRemove(address, out var done)) done.TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped: whoever still waits has a limit of their own.
        }
    }

    private async Task LookUpAsync(IPAddress address, CancellationToken cancel)
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
        var names = reply.Names.Order(StringComparer.Ordinal).Take(MaxConfirmedNames).ToList();
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
