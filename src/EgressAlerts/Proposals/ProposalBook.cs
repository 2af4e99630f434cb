using EgressAlerts.Polling;

namespace EgressAlerts.Proposals;

/// <summary>Reads past traffic for pages. One reading runs at a time, in the background, and is used for ten minutes. Any thread.</summary>
/// <param name="read">Reads the traffic of a namespace, or of all where it is empty.</param>
internal sealed class ProposalBook(
    Func<PastSpan, string, Action<double>, CancellationToken, Task<PastTraffic>> read, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Further ones are forgotten, the oldest first.</summary>
    internal const int MaxKept = 8;

    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan FreshFailure = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly OrderedDictionary<(string Namespace, TimeSpan Since), PastAnswer> _kept = [];
    private readonly CancellationTokenSource _stop = new();
    private (string Namespace, TimeSpan Since) _running;
    private Task? _flight;
    private double _progress;

    /// <summary>What is known by now. A reading begins if there is none, and is waited for a moment.</summary>
    public async Task<PastAnswer> ReadAsync(string ns, TimeSpan since, CancellationToken cancel)
    {
        var flight = Begin((ns, since), out var known);
        if (known is not null) return known;
        if (flight is null) return new(null, "Another reading is running. Load the page again in a moment.", 0, default);
        await Task.WhenAny(flight, Task.Delay(LongestWait, time, cancel));
        cancel.ThrowIfCancellationRequested();
        lock (_lock) return _kept.TryGetValue((ns, since), out var kept) ? kept : new(null, "", Volatile.Read(ref _progress), default);
    }

    public async ValueTask DisposeAsync()
    {
        Task? flight;
        lock (_lock)
        {
            _stop.Cancel();
            flight = _flight;
        }

        if (flight is not null) await flight.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    /// <returns>The reading that runs for the same question; null where another one does.</returns>
    private Task? Begin((string Namespace, TimeSpan Since) asked, out PastAnswer? known)
    {
        lock (_lock)
        {
            if (_kept.TryGetValue(asked, out known) && time.GetUtcNow() < known.Until) return null;
            known = _stop.IsCancellationRequested ? new(null, "The service is stopping or reloads its configuration.", 0, default) : null;
            if (known is not null) return null;
            if (_flight is null)
            {
                (_running, _progress) = (asked, 0);
                _kept.Remove(asked);
                _flight = Task.Run(() => FlyAsync(asked), CancellationToken.None);
            }

            return _running == asked ? _flight : null;
        }
    }

    private async Task FlyAsync((string Namespace, TimeSpan Since) asked)
    {
        var answer = new PastAnswer(null, "The reading failed unexpectedly. The log says why.", 0, time.GetUtcNow() + FreshFailure);
        try
        {
            var now = time.GetUtcNow();
            var end = now.AddTicks(-(now.UtcTicks % TimeSpan.TicksPerSecond));
            var traffic = await read(PastSpan.Before(end, asked.Since), asked.Namespace, part => Volatile.Write(ref _progress, part), _stop.Token);
            answer = new(traffic, "", 1, time.GetUtcNow() + Fresh);
        }
        catch (HistoryException e)
        {
            answer = answer with { Failure = e.Message };
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && _stop.IsCancellationRequested)
        {
            answer = answer with { Failure = "The service stopped, or reloaded its configuration, before Prometheus had answered." };
        }
        finally
        {
            lock (_lock)
            {
                _flight = null;
                _kept[asked] = answer;
                while (_kept.Count > MaxKept) _kept.RemoveAt(0);
            }
        }
    }
}

/// <summary>Past traffic for a page.</summary>
/// <param name="Traffic">Null while it is being read, or where it cannot be.</param>
/// <param name="Failure">Why it cannot be read, as a sentence; empty for nothing.</param>
/// <param name="Progress">Which part has been read, from 0 to 1.</param>
/// <param name="Until">How long it is used.</param>
internal sealed record PastAnswer(PastTraffic? Traffic, string Failure, double Progress, DateTimeOffset Until);
