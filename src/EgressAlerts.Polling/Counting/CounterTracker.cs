using System.Runtime.InteropServices;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Polling;

/// <summary>Turns newly read samples into increments of counters, each once. Hot code.</summary>
/// <remarks>
/// <para>Each counter has an anchor, up to which all is settled. Each window reads all samples since then, says what they amount to
/// (<see cref="CounterReplay"/>), and counts what it had not counted yet. So a sample that comes late, or out of order, still counts once.</para>
/// <para>What a window delivers takes effect with <see cref="Commit"/>: a window that failed leaves no trace.</para>
/// </remarks>
internal sealed class CounterTracker
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);

    private readonly KeyedTable<TrackedCounter> _counters;
    private readonly CounterReplay _replay = new();

    // What the window under way has brought so far: three samples of each series that only rose, and all samples of those that have to be replayed.
    // New series and counters are always the last rows of their tables. So a window that fails is undone by cutting lists and tables to these lengths.
    private readonly List<Rise> _rises = [];
    private readonly List<(int Counter, Sample[] Samples)> _replays = [];
    private (int Rises, int Replays, int Series, int Counters) _window;
    private (int Rises, int Replays, int Series, int Counters) _query;

    private readonly JobRegister _jobs;
    private readonly TimeSpan _late;
    private readonly Cell<TrackerState> _kept;
    private TimeSpan _length;
    private bool _isBaseline;
    private int _activeMeaning = KeyedTable<TrackedCounter>.None;
    private long _horizon;
    private long _end;

    /// <param name="late">How late a sample may be: anchors are so far behind a window's end.</param>
    /// <param name="chunkSize">How many counters lie in a row of the database.</param>
    public CounterTracker(JobRegister jobs, TimeSpan late, StoredState state, int chunkSize = CounterTables.ChunkSize)
    {
        (_jobs, _late) = (jobs, late);
        var random = SeriesHash.Random();
        _kept = state.Cell("raw_counters", PollingJson.Default.TrackerState, new TrackerState(random.Key0, random.Key1, default, 0, long.MinValue, 0, default));
        Reading = Last.Number + 1;
        Known = new(jobs, new SeriesHash(Last.HashKey0, Last.HashKey1), chunkSize);
        _counters = Known.Counters;
        IsWhole = Known.Load(state, Last.Number, _kept.IsLost);
        _window = _query = Mark();
    }

    /// <summary>False where counters were known before a restart and could not be read.</summary>
    public bool IsWhole { get; }

    /// <summary>What is known, with what the window under way has brought.</summary>
    public KnownCounters Known { get; }

    /// <summary>The start of what has to be read for the window, in milliseconds; <see cref="long.MinValue"/> where nothing is known yet.</summary>
    public long From { get; private set; } = long.MinValue;

    /// <summary>The number of the window that is being read; windows count up by one, and by two over a gap.</summary>
    public uint Reading { get; private set; }

    /// <summary>Samples that were stale because two scrapers were interleaved in one series, in all windows that are settled.</summary>
    public long Inversions => Last.Inversions;

    /// <summary>Such samples in the last window and since its anchor.</summary>
    public int RecentInversions { get; private set; }

    /// <summary>As of the last window.</summary>
    private TrackerState Last => _kept.Value;

    /// <summary>Begins a window. All that follows, up to <see cref="Commit"/>, belongs to it. A window that was begun before and not committed is
    /// forgotten.</summary>
    /// <param name="isBaseline">Whether nothing of the window will count. Then every fall is judged at once, because a judgement that waits would count it
    /// later.</param>
    public void Begin(Window window, bool isBaseline = false)
    {
        Back(_window);
        _activeMeaning = KeyedTable<TrackedCounter>.None;
        _end = window.End.ToUnixTimeMilliseconds();
        _horizon = Math.Max(_end - (long)_late.TotalMilliseconds, Last.Anchor);
        _isBaseline = isBaseline;
        var isNext = window.Start == Last.LastEnd || Last.LastEnd == default;
        Reading = Last.Number + (isNext ? 1u : 2u);

        // After skipped windows, samples that were counted already cannot all be read again. Then only newer samples count.
        From = isNext ? Last.Anchor : Math.Max(Last.LastEnd.ToUnixTimeMilliseconds(), _end - (long)(_late + window.Length).TotalMilliseconds);
        _length = Last.LastEnd == default ? window.Length : window.End - Last.LastEnd;
    }

    /// <summary>The next observations belong to a new query.</summary>
    public void BeginQuery() => _query = Mark();

    /// <summary>Forgets what the current query delivered so far.</summary>
    public void RestartQuery() => Back(_query);

    /// <summary>Series will come under other names from now on: what they show is known by the counters alone.</summary>
    public void ForgetNames()
    {
        Back(_window);
        Known.ForgetNames();
        _window = _query = Mark();
    }

    /// <summary>Adds a series' samples, in order of time. Samples that are settled already are passed over, and so is NaN.</summary>
    public void Observe(int row, ReadOnlySpan<Sample> samples)
    {
        ref var series = ref Known.Series[row];
        var counter = series.Counter;
        ref var entry = ref _counters[counter];
        var start = StartOf(counter);
        var (previous, settled, moves, falls) = (start.Anchor, start.Anchor, start.Anchor != entry.Level || entry.IsOdd, false);
        long last = long.MinValue, second = long.MinValue, third = long.MinValue, settledAt = long.MinValue;
        var first = default(Sample);
        foreach (var sample in samples)
        {
            if (sample.Milliseconds <= start.From || sample.Milliseconds > _end || !sample.IsCount) continue;
            if (last == long.MinValue) first = sample;
            falls |= sample.Value < previous;
            moves |= sample.Value != entry.Level;
            (previous, third, second, last) = (sample.Value, second, last, sample.Milliseconds);
            if (last <= _horizon) (settled, settledAt) = (previous, last);
        }

        if (last == long.MinValue) return;
        series.Seen = Reading;
        if (entry.Meaning != _activeMeaning) _jobs.WasActive(Known.Meanings.Job(_activeMeaning = entry.Meaning), Reading, _length);
        if (!moves)
        {
            if (entry.Anchor != entry.Level) Known.Tables.TouchLevel(counter);
            (entry.Anchor, entry.Seen) = (entry.Level, Reading);
            return;
        }

        if (third != long.MinValue && CounterReplay.EvenGap(third, second, last) is > 0 and var interval)
            _jobs.Vote(Known.Meanings.Job(entry.Meaning), interval);
        if (falls || entry.IsShared) _replays.Add((counter, Counts(samples, start.From)));
        else _rises.Add(new(counter, SettledOffset(settledAt), Offset(last), Offset(first.Milliseconds), settled, previous, first.Value));
    }

    /// <summary>Makes the window's samples count and returns what each meaning grew by.</summary>
    public IReadOnlyList<Growth> Commit()
    {
        RecentInversions = 0;
        var inversions = Last.Inversions;
        var together = Together();
        foreach (var rise in _rises)
        {
            if (together.ContainsKey(rise.Counter)) continue;
            var anchor = StartOf(rise.Counter).Anchor;
            Settle(rise.Counter, new(rise.Settled, _horizon, rise.Settled - anchor, rise.Last, rise.Last - anchor));
        }

        foreach (var (counter, shown) in together)
        {
            var start = StartOf(counter);
            var interval = _jobs.Interval(Known.Meanings.Job(_counters[counter].Meaning));
            var outcome = _replay.Run(shown, start.Anchor, start.From, _horizon, interval, start.IsAfterGap, judgesAll: _isBaseline);
            Settle(counter, outcome);
            if (shown.Count > 1) continue;
            inversions += outcome.SettledStale;
            RecentInversions += outcome.Stale;
        }

        var growth = Known.Meanings.TakeGrowth();
        _rises.Clear();
        if (_rises.Capacity > _counters.Count / 2) _rises.Capacity = 0; // The first window brings all, later ones a part.
        _replays.Clear();
        var (end, isDue) = (DateTimeOffset.FromUnixTimeMilliseconds(_end), _end >= Last.NextSweep.ToUnixTimeMilliseconds());
        var nextSweep = isDue ? end + SweepEvery : Last.NextSweep;
        _kept.Value = Last with { LastEnd = end, Number = Reading, Anchor = _horizon, Inversions = inversions, NextSweep = nextSweep };
        if (isDue) Known.Sweep(Reading);
        Known.NotePresent(Reading);
        _window = _query = Mark();
        return growth;
    }

    /// <summary>How much a series that ended shows beyond what was counted of its counter. From then on that much is known and never counted.</summary>
    /// <returns>0 where nothing is missing, or where the counter is still shown by another series.</returns>
    public double Missed(ReadOnlySpan<byte> labels, IReadOnlyDictionary<string, string> read, IReadOnlySet<string>? targetLabels, double value)
    {
        var row = Known.Find(labels);
        if (row == KeyedTable<RawSeries>.None) row = Known.Add(labels, read, targetLabels);
        _window = _query = Mark();
        ref var entry = ref _counters[Known.Series[row].Counter];
        if ((entry.Seen == Last.Number && entry.Level > 0) || value <= entry.Level) return 0;
        var missed = value - entry.Level;
        (entry.Anchor, entry.Level, entry.Seen) = (value, value, Math.Max(entry.Seen, 1));
        Known.Tables.TouchLevel(Known.Series[row].Counter);
        return missed;
    }

    private int SettledOffset(long milliseconds) => milliseconds == long.MinValue ? int.MinValue : Offset(milliseconds);

    private int Offset(long milliseconds) => (int)Math.Max(milliseconds - _end, int.MinValue + 1);

    private bool IsNew(int counter) => counter >= _window.Counters;

    /// <summary>From where a counter's samples count in this window.</summary>
    private Start StartOf(int counter)
    {
        ref var entry = ref _counters[counter];
        var odd = entry.IsOdd ? Known.Odd[counter] : new(entry.Level - entry.Anchor, 0, long.MinValue);
        var from = IsNew(counter) ? long.MinValue : Math.Max(From, odd.From);

        // A counter without a sample in the last window has nothing that is not settled.
        return IsNew(counter) || entry.Seen + 1 >= Reading
            ? new(entry.Anchor, from, odd.Counted, odd.Debt, IsAfterGap: false)
            : new(entry.Level, from, odd.Debt, odd.Debt, IsAfterGap: true);
    }

    /// <summary>The counters that have to be replayed, because they fell or because several series show them, with the samples of each series.</summary>
    private Dictionary<int, List<Sample[]>> Together()
    {
        var together = new Dictionary<int, List<Sample[]>>();
        List<Sample[]> SamplesOf(int counter)
        {
            ref var shown = ref CollectionsMarshal.GetValueRefOrAddDefault(together, counter, out _);
            return shown ??= [];
        }

        foreach (var (counter, samples) in _replays) SamplesOf(counter).Add(samples);
        foreach (var rise in _rises)
        {
            if (!_counters[rise.Counter].IsShared && !together.ContainsKey(rise.Counter)) continue;
            Sample[] samples = [new(_end + rise.FirstOffset, rise.First), new(_end + rise.SettledOffset, rise.Settled), new(_end + rise.LastOffset, rise.Last)];
            SamplesOf(rise.Counter).Add([.. samples.Where(sample => sample.Milliseconds > _end + int.MinValue).Distinct()]);
        }

        return together;
    }

    private Sample[] Counts(ReadOnlySpan<Sample> samples, long from)
    {
        var counts = new List<Sample>(samples.Length);
        foreach (var sample in samples)
        {
            if (sample.Milliseconds > from && sample.Milliseconds <= _end && sample.IsCount) counts.Add(sample);
        }

        return [.. counts];
    }

    /// <summary>Counts what is new in what a counter's samples amount to, and moves its anchor.</summary>
    private void Settle(int counter, CounterReplay.Outcome outcome)
    {
        ref var entry = ref _counters[counter];
        var start = StartOf(counter);
        var total = Math.Max(outcome.Growth, start.Counted);
        if (total > start.Counted) Known.Meanings.Grew(entry.Meaning, total - start.Counted, IsNew(counter));

        // A series that is only behind shows less than was counted, but what was counted was right. After a restart it was too much.
        var isBehind = outcome.Growth < start.Counted && !outcome.HasRestart && start.Debt == 0;
        var debt = isBehind ? 0 : total - outcome.Growth;
        (entry.Anchor, entry.Seen) = (outcome.Anchor, Reading);
        if (!isBehind) entry.Level = outcome.Level;
        Known.Tables.TouchLevel(counter);
        var odd = new OddState(total - outcome.Settled, debt, outcome.Until > _horizon ? outcome.Until : long.MinValue);
        var wasOdd = entry.IsOdd;
        entry.IsOdd = debt > 0 || odd.From > _horizon || odd.Counted != entry.Level - entry.Anchor;
        if (wasOdd || entry.IsOdd) Known.Tables.TouchOdd(counter);
        if (entry.IsOdd) Known.Odd[counter] = odd;
        else Known.Odd.Remove(counter);
    }

    private (int Rises, int Replays, int Series, int Counters) Mark() => (_rises.Count, _replays.Count, Known.Series.Count, _counters.Count);

    private void Back((int Rises, int Replays, int Series, int Counters) to)
    {
        _rises.RemoveRange(to.Rises, _rises.Count - to.Rises);
        _replays.RemoveRange(to.Replays, _replays.Count - to.Replays);
        Known.Truncate(to.Series, to.Counters);
    }

    /// <summary>What a window brought to a series that only rose: all that matters of its samples.</summary>
    /// <param name="SettledOffset">The time of its last sample up to the horizon, in milliseconds from the window's end. The least number where there
    /// is none.</param>
    /// <param name="LastOffset">The time of its last sample, likewise.</param>
    /// <param name="FirstOffset">The time of its first sample, likewise.</param>
    /// <param name="Settled">Its value at the horizon.</param>
    private readonly record struct Rise(int Counter, int SettledOffset, int LastOffset, int FirstOffset, double Settled, double Last, double First);

    /// <param name="Anchor">The value from which growth is reckoned.</param>
    /// <param name="From">Only samples later than this count, in milliseconds.</param>
    /// <param name="Counted">What has been counted since the anchor.</param>
    private readonly record struct Start(double Anchor, long From, double Counted, double Debt, bool IsAfterGap);
}
