using EgressAlerts.Polling;

namespace EgressAlerts.Web;

/// <summary>What pages read from Prometheus. Pages that ask for the same within 30 s share one query, and a failure is kept for 5 s. Any thread.</summary>
/// <remarks>At most 4 queries run at a time and 32 wait, each for 3 s. Others get the answer that Prometheus is busy. At most 256 answers with a million
/// points are kept. Beyond that, the oldest are forgotten.</remarks>
/// <param name="read">Asks the server, with a time limit of its own. Failures are values.</param>
internal sealed class CachedHistory(Func<HistoryQuery, CancellationToken, Task<HistoryAnswer>> read, TimeProvider time) : IAsyncDisposable
{
    internal const int MaxAtOnce = 4;
    internal const int MaxFlights = MaxAtOnce + 32;
    internal const int MaxAnswers = 256;
    private const int MaxPoints = 1_000_000;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FreshFailure = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly Dictionary<HistoryQuery, Task<HistoryAnswer>> _flights = [];
    private readonly OrderedDictionary<HistoryQuery, Kept> _answers = [];
    private readonly SemaphoreSlim _slots = new(MaxAtOnce);
    private readonly CancellationTokenSource _stop = new();
    private int _points;

    /// <summary>Asks for one value a step. Start and end are moved back to multiples of the step.</summary>
    /// <param name="cancel">Ends the wait, but not the query, because others may wait for it too.</param>
    public Task<HistoryAnswer> ReadAsync(string query, DateTimeOffset start, DateTimeOffset end, TimeSpan step, CancellationToken cancel)
    {
        var asked = HistoryQuery.Aligned(query, start, end, step);
        lock (_lock)
        {
            if (_answers.TryGetValue(asked, out var kept) && time.GetUtcNow() < kept.Until) return Task.FromResult(kept.Answer);
            if (_flights.TryGetValue(asked, out var flight)) return flight.WaitAsync(cancel);
            if (_stop.IsCancellationRequested) return Task.FromResult(HistoryAnswer.Failed("the service is stopping or reloads its configuration"));
            if (_flights.Count == MaxFlights) return Task.FromResult(Busy());
            flight = Task.Run(() => FlyAsync(asked), CancellationToken.None);
            _flights.Add(asked, flight);
            return flight.WaitAsync(cancel);
        }
    }

    /// <summary>Ends the queries that run. Whoever waits for one gets a failure.</summary>
    public async ValueTask DisposeAsync()
    {
        List<Task> flights;
        lock (_lock)
        {
            _stop.Cancel();
            flights = [.. _flights.Values];
        }

        await Task.WhenAll(flights).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _slots.Dispose();
        _stop.Dispose();
    }

    private static HistoryAnswer Busy() => HistoryAnswer.Failed("Prometheus is busy with queries of other pages: load the page again in a moment");

    private async Task<HistoryAnswer> FlyAsync(HistoryQuery asked)
    {
        var answer = default(HistoryAnswer);
        try
        {
            return answer = await AskAsync(asked);
        }
        finally
        {
            lock (_lock)
            {
                _flights.Remove(asked);
                if (answer is not null) Keep(asked, answer);
            }
        }
    }

    private async Task<HistoryAnswer> AskAsync(HistoryQuery asked)
    {
        try
        {
            if (!await _slots.WaitAsync(LongestWait, _stop.Token)) return Busy();
            try
            {
                return await read(asked, _stop.Token);
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return HistoryAnswer.Failed("the service stopped, or reloaded its configuration, before Prometheus had answered");
        }
    }

    private void Keep(HistoryQuery asked, HistoryAnswer answer)
    {
        Forget(asked);
        var points = answer.Series.Sum(series => series.Points.Count);
        _answers.Add(asked, new(answer, points, time.GetUtcNow() + (answer.Failure.Length > 0 ? FreshFailure : Fresh)));
        _points += points;
        while (_answers.Count > MaxAnswers || _points > MaxPoints) Forget(_answers.GetAt(0).Key);
    }

    private void Forget(HistoryQuery asked)
    {
        if (_answers.Remove(asked, out var kept)) _points -= kept.Points;
    }

    private sealed record Kept(HistoryAnswer Answer, int Points, DateTimeOffset Until);
}
