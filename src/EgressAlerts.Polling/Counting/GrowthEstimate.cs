using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Polling;

/// <summary>Asks the servers what some of Istio's series grew by, as they compute it with <c>increase()</c>. A server answers with one number, however many
/// series it selects. Called by the pass alone.</summary>
/// <remarks>The number is an estimate: <c>increase()</c> misses the first value of a series and guesses at the ends of its range. The ranges of a metric follow
/// each other without a gap. One that is not answered is asked for again, unless that lasts for more than <see cref="MostBack"/>.</remarks>
/// <param name="name">The name of the cell that remembers how far the ranges have come.</param>
/// <param name="selectors">The selectors of a metric. No series is in two of them.</param>
/// <param name="usual">The length of a range but for the first, if that is at least <see cref="WindowsInRange"/> windows. A server reads all series for each
/// range, however long it is.</param>
internal sealed class GrowthEstimate(
    IReadOnlyList<PolledServer> servers, string name, Func<SplitReader, RawMetric, IEnumerable<string>> selectors, TimeSpan usual,
    StoredState state)
{
    /// <summary>The length of the first range, if that is at least <see cref="WindowsInRange"/> windows. So something is known soon.</summary>
    internal static readonly TimeSpan First = TimeSpan.FromMinutes(5);

    /// <summary>A window is at least a scrape interval, and <c>increase()</c> needs a few samples.</summary>
    internal const int WindowsInRange = 4;

    /// <summary>Ranges that lie further back are given up, if several of them fit in.</summary>
    internal static readonly TimeSpan MostBack = TimeSpan.FromHours(1);

    /// <summary>For so long nothing is asked after a failure. So <c>EgressAlertsQueriesFailing</c> does not fire.</summary>
    internal static readonly TimeSpan Rest = TimeSpan.FromMinutes(30);

    /// <summary>How many metrics are asked for after one window. All of them get their turn within <see cref="WindowsInRange"/> windows.</summary>
    private const int AtOnce = 2;

    private readonly Cell<EstimateState> _kept = state.Cell(
        name, PollingJson.Default.EstimateState, new EstimateState(new Dictionary<string, DateTimeOffset>()));

    /// <summary>The metrics that wait for their first range.</summary>
    private readonly HashSet<string> _new = [];

    private DateTimeOffset _resting;

    /// <summary>Begins anew with the next question.</summary>
    public void Forget()
    {
        if (_kept.Value.Until.Count > 0) _kept.Value = new(new Dictionary<string, DateTimeOffset>());
    }

    /// <summary>Called after each window that was read whole.</summary>
    /// <param name="settled">Samples up to here are there by now.</param>
    /// <param name="add">Takes what a metric grew by.</param>
    public async Task AskAsync(Window window, DateTimeOffset settled, Action<Metric, double> add, CancellationToken cancel)
    {
        var until = RawMetric.All.ToDictionary(raw => raw.Name, raw => UntilOf(raw, window, settled));
        if (window.End >= _resting)
        {
            foreach (var raw in RawMetric.All.Where(raw => until[raw.Name] + Range(raw, window) <= settled).OrderBy(raw => until[raw.Name]).Take(AtOnce))
            {
                var range = Range(raw, window);
                var end = until[raw.Name] + range;
                if (await SumAsync(raw, end, range, cancel) is not { } sum)
                {
                    _resting = window.End + Rest;
                    break;
                }

                add(raw.Metric, sum);
                until[raw.Name] = end;
                _new.Remove(raw.Name);
            }
        }

        if (until.Any(one => _kept.Value.Until.GetValueOrDefault(one.Key) != one.Value)) _kept.Value = new(until);
    }

    private TimeSpan Range(RawMetric raw, Window window) => Max(_new.Contains(raw.Name) ? First : usual, window.Length * WindowsInRange);

    /// <summary>How far the ranges of a metric have come, or where those begin that are not given up.</summary>
    private DateTimeOffset UntilOf(RawMetric raw, Window window, DateTimeOffset settled)
    {
        if (_kept.Value.Until.TryGetValue(raw.Name, out var known)) return Max(known, settled - Max(MostBack, Range(raw, window)));
        _new.Add(raw.Name);
        return window.End;
    }

    /// <returns>Null where a server does not answer.</returns>
    private async Task<double?> SumAsync(RawMetric raw, DateTimeOffset end, TimeSpan range, CancellationToken cancel)
    {
        var sum = new SumSink();
        foreach (var server in servers)
        {
            foreach (var selector in selectors(server.Reader, raw).ToList())
            {
                if (await server.Client.QueryAsync($"sum(increase({selector}[{LiveSamples.Duration(range)}]))", end, sum, cancel) is not null) return null;
                sum.Keep();
            }
        }

        return sum.Sum;
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    /// <summary>Adds up the numbers of several answers.</summary>
    private sealed class SumSink : ISeriesSink
    {
        private double _answer;

        public double Sum { get; private set; }

        public void Keep()
        {
            Sum += _answer;
            _answer = 0;
        }

        public void Restart() => _answer = 0;

        public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
        {
            if (samples.Length > 0 && double.IsFinite(samples[^1].Value)) _answer += samples[^1].Value;
        }
    }
}
