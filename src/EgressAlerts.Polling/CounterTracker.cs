using System.Runtime.InteropServices;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Polling;

/// <summary>Knows every counter of every proxy and turns newly read samples into increments, each once. Hot code.</summary>
/// <remarks>
/// <para>A counter can be shown by several series: one after another when labels of its target change, or at once when two jobs or two replicas of
/// Prometheus scrape it. Each counter has an anchor, up to which all is settled. Each window reads all samples since then, says what they amount to
/// (<see cref="CounterReplay"/>), and counts what it had not counted yet. So a sample that comes late, or out of order, still counts once.</para>
/// <para>What a window delivers takes effect with <see cref="Commit"/>: a window that failed leaves no trace.</para>
/// </remarks>
internal sealed class CounterTracker
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);

    /// <summary>So many counters without samples are kept, or four for each that has some; beyond, those that were silent longest go first.</summary>
    private const int MaxSilent = 1_000_000;

    private readonly KeyedTable<RawSeries> _series = new();
    private readonly KeyedTable<TrackedCounter> _counters = new();
    private readonly ClassTable _classes = new();
    private readonly Dictionary<int, OddState> _odd = [];
    private readonly CounterReplay _replay = new();

    // What the window under way has brought so far: of series that only rose, three samples; of those that have to be replayed, all.
    private readonly List<Rise> _rises = [];
    private readonly List<(int Counter, Sample[] Samples)> _replays = [];
    private (int Rises, int Replays, int Series, int Counters) _window;
    private (int Rises, int Replays, int Series, int Counters) _query;

    private readonly JobRegister _jobs;
    private readonly TimeSpan _late;
    private readonly Cell<TrackerState> _kept;
    private readonly CounterTables _tables;
    private readonly SeriesHash _hash;
    private DateTimeOffset _lastEnd;
    private DateTimeOffset _nextSweep;
    private TimeSpan _length;
    private uint _number;
    private uint _reading = 1;
    private bool _isBaseline;
    private int _activeClass = KeyedTable<TrackedCounter>.None;
    private long _anchor = long.MinValue;
    private long _from = long.MinValue;
    private long _horizon;
    private long _end;

    /// <param name="late">How late a sample may be: anchors are so far behind a window's end.</param>
    /// <param name="chunkSize">How many counters lie in a row of the database.</param>
    public CounterTracker(JobRegister jobs, TimeSpan late, StoredState state, int chunkSize = CounterTables.ChunkSize)
    {
        (_jobs, _late) = (jobs, late);
        var random = SeriesHash.Random();
        _kept = state.Cell("raw_counters", PollingJson.Default.TrackerState, new TrackerState(random.Key0, random.Key1, default, 0, long.MinValue, 0, default));
        var kept = _kept.Value;
        _hash = new(kept.HashKey0, kept.HashKey1);
        (_lastEnd, _number, _anchor, Inversions, _nextSweep) = (kept.LastEnd, kept.Number, kept.Anchor, kept.Inversions, kept.NextSweep);
        _reading = _number + 1;
        _tables = new(_counters, _series, _odd, counter => JobOf(in _counters[counter]), chunkSize);
        IsWhole = _tables.Load(state, _number, _kept.IsLost);
        SetShared();
        _window = _query = Mark();
    }

    /// <summary>False where counters were known before a restart and could not be read.</summary>
    public bool IsWhole { get; }

    /// <summary>Counters that are known.</summary>
    public int Count => _counters.Count;

    /// <summary>Series by which they are known.</summary>
    public int SeriesCount => _series.Count;

    /// <summary>What all known counters count, with how many count it. A counter that was loaded is missing until it has been seen again.</summary>
    public IEnumerable<(Classified What, int Series)> Classes => _classes.All;

    /// <summary>The start of what has to be read for the window, in milliseconds; <see cref="long.MinValue"/> where nothing is known yet.</summary>
    public long From => _from;

    /// <summary>The number of the window that is being read; windows count up by one, and by two over a gap.</summary>
    public uint Reading => _reading;

    /// <summary>Samples that were stale because two scrapers were interleaved in one series, in all windows that are settled.</summary>
    public long Inversions { get; private set; }

    /// <summary>Such samples in the last window and since its anchor.</summary>
    public int RecentInversions { get; private set; }

    /// <summary>Everything that follows, up to <see cref="Commit"/>, belongs to this window; an unfinished one before it is forgotten.</summary>
    /// <param name="isBaseline">Nothing of the window will count, so every fall is judged at once: a judgement that waits would count it later.</param>
    public void Begin(Window window, bool isBaseline = false)
    {
        Back(_window);
        _activeClass = KeyedTable<TrackedCounter>.None;
        _end = window.End.ToUnixTimeMilliseconds();
        _horizon = Math.Max(_end - (long)_late.TotalMilliseconds, _anchor);
        _isBaseline = isBaseline;
        var isNext = window.Start == _lastEnd || _lastEnd == default;
        _reading = _number + (isNext ? 1u : 2u);

        // After skipped windows, what was counted already cannot be read whole any more: then only newer samples count.
        _from = isNext ? _anchor : Math.Max(_lastEnd.ToUnixTimeMilliseconds(), _end - (long)(_late + window.Length).TotalMilliseconds);
        _length = _lastEnd == default ? window.Length : window.End - _lastEnd;
    }

    /// <summary>The next observations belong to a new query.</summary>
    public void BeginQuery() => _query = Mark();

    /// <summary>Forgets what the current query delivered so far.</summary>
    public void RestartQuery() => Back(_query);

    /// <summary>Series will come under other names from now on: what they show is known by the counters alone.</summary>
    public void ForgetNames()
    {
        Back(_window);
        _tables.TouchAll(0, _series.Count);
        _series.Truncate(0);
        for (var counter = 0; counter < _counters.Count; counter++) (_counters[counter].IsNamed, _counters[counter].IsShared) = (false, false);
        _window = _query = Mark();
    }

    /// <summary>The slot of a known series, good until the window ends, or <see cref="KeyedTable{T}.None"/>.</summary>
    public int Find(ReadOnlySpan<byte> labels) => _series.Find(_hash.Compute(labels));

    /// <summary>Adds a series that <see cref="Find"/> does not know.</summary>
    /// <param name="targetLabels">As <see cref="CounterId.Of"/> takes them.</param>
    public int Add(ReadOnlySpan<byte> labels, IReadOnlyDictionary<string, string> read, IReadOnlySet<string>? targetLabels)
    {
        var id = CounterId.Of(read, targetLabels, _hash);
        var counter = FindCounter(id);
        if (counter == KeyedTable<TrackedCounter>.None)
        {
            counter = _counters.Add(new TrackedCounter(id) { Class = -1 });
            _tables.TouchIdentity(counter);
            _tables.TouchLevel(counter);
        }

        ref var entry = ref _counters[counter];
        if (entry.Pod != id.Pod && entry.Pod == 0)
        {
            entry.Pod = id.Pod;
            _tables.TouchIdentity(counter);
        }

        entry.IsShared |= entry.IsNamed;
        entry.IsNamed = true;
        var slot = _series.Add(new RawSeries(_hash.Compute(labels), counter));
        _tables.TouchName(slot);
        return slot;
    }

    /// <summary>The hash of a series' label set.</summary>
    public ulong SeriesKey(int slot) => _series[slot].Key;

    /// <summary>A number that stands for the counter that a series shows, as long as the counter is known.</summary>
    public ulong CounterKey(int slot) => _counters[_series[slot].Counter].Key;

    public bool IsClassified(int slot) => _counters[_series[slot].Counter].Class >= 0;

    public Classified ClassOf(int slot) => _classes[_counters[_series[slot].Counter].Class];

    public void Classify(int slot, Classified what)
    {
        var counter = _series[slot].Counter;
        ref var entry = ref _counters[counter];
        var (before, job) = (JobOf(in entry), _jobs.Number(what.Job));
        entry.Class = _classes.Enter(what, job);
        if (job != before) _tables.TouchIdentity(counter);
    }

    /// <summary>The number of the last window that had a sample of this series; 0 where it is not known.</summary>
    /// <param name="key">As <see cref="SeriesKey"/> gives it.</param>
    public uint LastSeen(ulong key) => _series.Find(key) is not KeyedTable<RawSeries>.None and var slot ? _series[slot].Seen : 0;

    /// <summary>Adds a series' samples, in order of time. Those that are settled already are passed over; NaN is no count.</summary>
    public void Observe(int slot, ReadOnlySpan<Sample> samples)
    {
        ref var series = ref _series[slot];
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
        series.Seen = _reading;
        if (entry.Class != _activeClass) _jobs.WasActive(_classes.Job(_activeClass = entry.Class), _reading, _length);
        if (!moves)
        {
            if (entry.Anchor != entry.Level) _tables.TouchLevel(counter);
            (entry.Anchor, entry.Seen) = (entry.Level, _reading);
            return;
        }

        if (third != long.MinValue && CounterReplay.EvenGap(third, second, last) is > 0 and var interval) _jobs.Vote(_classes.Job(entry.Class), interval);
        if (falls || entry.IsShared) _replays.Add((counter, Counts(samples, start.From)));
        else _rises.Add(new(counter, SettledOffset(settledAt), Offset(last), Offset(first.Milliseconds), settled, previous, first.Value));
    }

    /// <summary>Makes the window's samples count and says what each class grew by.</summary>
    public IReadOnlyList<Growth> Commit()
    {
        RecentInversions = 0;
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
            var interval = _jobs.Interval(_classes.Job(_counters[counter].Class));
            var outcome = _replay.Run(shown, start.Anchor, start.From, _horizon, interval, start.IsAfterGap, judgesAll: _isBaseline);
            Settle(counter, outcome);
            if (shown.Count > 1) continue;
            Inversions += outcome.SettledStale;
            RecentInversions += outcome.Stale;
        }

        var growth = _classes.TakeGrowth();
        _rises.Clear();
        if (_rises.Capacity > _counters.Count / 2) _rises.Capacity = 0; // The first window brings all, later ones a part.
        _replays.Clear();
        (_number, _lastEnd, _anchor) = (_reading, DateTimeOffset.FromUnixTimeMilliseconds(_end), _horizon);
        Sweep();
        NotePresent();
        _kept.Value = new(_hash.Key0, _hash.Key1, _lastEnd, _number, _anchor, Inversions, _nextSweep);
        _window = _query = Mark();
        return growth;
    }

    /// <summary>How much a series that ended shows beyond what was counted of its counter. From then on that much is known and never counted.</summary>
    /// <returns>0 where nothing is missing, or where the counter is still shown by another series.</returns>
    public double Missed(ReadOnlySpan<byte> labels, IReadOnlyDictionary<string, string> read, IReadOnlySet<string>? targetLabels, double value)
    {
        var slot = Find(labels);
        if (slot == KeyedTable<RawSeries>.None) slot = Add(labels, read, targetLabels);
        _window = _query = Mark();
        ref var entry = ref _counters[_series[slot].Counter];
        if ((entry.Seen == _number && entry.Level > 0) || value <= entry.Level) return 0;
        var missed = value - entry.Level;
        (entry.Anchor, entry.Level, entry.Seen) = (value, value, Math.Max(entry.Seen, 1));
        _tables.TouchLevel(_series[slot].Counter);
        return missed;
    }

    /// <summary>Every counter will be classified anew when it is next seen.</summary>
    public void Declassify()
    {
        for (var counter = 0; counter < _counters.Count; counter++)
        {
            ref var entry = ref _counters[counter];
            if (entry.Class < 0) continue;
            var job = _classes.Job(entry.Class);
            _classes.Leave(entry.Class);
            entry.Class = Unclassified(job);
        }
    }

    private int SettledOffset(long milliseconds) => milliseconds == long.MinValue ? int.MinValue : Offset(milliseconds);

    private int Offset(long milliseconds) => (int)Math.Max(milliseconds - _end, int.MinValue + 1);

    private static int Unclassified(int job) => -1 - job;

    private int JobOf(in TrackedCounter entry) => entry.Class >= 0 ? _classes.Job(entry.Class) : -1 - entry.Class;

    private bool IsNew(int counter) => counter >= _window.Counters;

    /// <summary>From where a counter's samples count in this window.</summary>
    private Start StartOf(int counter)
    {
        ref var entry = ref _counters[counter];
        var odd = entry.IsOdd ? _odd[counter] : new(entry.Level - entry.Anchor, 0, long.MinValue);
        var from = IsNew(counter) ? long.MinValue : Math.Max(_from, odd.From);

        // Of a counter without a sample in the last window all is settled.
        return IsNew(counter) || entry.Seen + 1 >= _reading
            ? new(entry.Anchor, from, odd.Counted, odd.Debt, IsAfterGap: false)
            : new(entry.Level, from, odd.Debt, odd.Debt, IsAfterGap: true);
    }

    /// <summary>The counters that have to be replayed, because they fell or because several series show them, with the samples of each series.</summary>
    private Dictionary<int, List<Sample[]>> Together()
    {
        var together = new Dictionary<int, List<Sample[]>>();
        List<Sample[]> Of(int counter)
        {
            ref var shown = ref CollectionsMarshal.GetValueRefOrAddDefault(together, counter, out _);
            return shown ??= [];
        }

        foreach (var (counter, samples) in _replays) Of(counter).Add(samples);
        foreach (var rise in _rises)
        {
            if (!_counters[rise.Counter].IsShared && !together.ContainsKey(rise.Counter)) continue;
            Sample[] samples = [new(_end + rise.FirstOffset, rise.First), new(_end + rise.SettledOffset, rise.Settled), new(_end + rise.LastOffset, rise.Last)];
            Of(rise.Counter).Add([.. samples.Where(sample => sample.Milliseconds > _end + int.MinValue).Distinct()]);
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
        if (total > start.Counted) _classes.Grew(entry.Class, total - start.Counted, IsNew(counter));

        // A series that is only behind shows less than was counted, and all of that was right. After a restart it was not.
        var isBehind = outcome.Growth < start.Counted && !outcome.HasRestart && start.Debt == 0;
        var debt = isBehind ? 0 : total - outcome.Growth;
        (entry.Anchor, entry.Seen) = (outcome.Anchor, _reading);
        if (!isBehind) entry.Level = outcome.Level;
        _tables.TouchLevel(counter);
        var odd = new OddState(total - outcome.Settled, debt, outcome.Until > _horizon ? outcome.Until : long.MinValue);
        var wasOdd = entry.IsOdd;
        entry.IsOdd = debt > 0 || odd.From > _horizon || odd.Counted != entry.Level - entry.Anchor;
        if (wasOdd || entry.IsOdd) _tables.TouchOdd(counter);
        if (entry.IsOdd) _odd[counter] = odd;
        else _odd.Remove(counter);
    }

    /// <summary>Notes which counters had a sample in the last window, where that has changed.</summary>
    private void NotePresent()
    {
        for (var counter = 0; counter < _counters.Count; counter++)
        {
            ref var entry = ref _counters[counter];
            if (entry.IsPresent == (entry.Seen == _number)) continue;
            entry.IsPresent = !entry.IsPresent;
            _tables.TouchLevel(counter);
        }
    }

    private int FindCounter(CounterId id)
    {
        var (found, seen) = (KeyedTable<TrackedCounter>.None, 0u);
        for (var counter = _counters.Find(id.Key); counter != KeyedTable<TrackedCounter>.None; counter = _counters.FindOlder(counter))
        {
            ref var entry = ref _counters[counter];
            if (entry.Pod == id.Pod) return counter;
            if (!new CounterId(entry.Key, entry.Pod).IsSame(id) || (found != KeyedTable<TrackedCounter>.None && entry.Seen <= seen)) continue;
            (found, seen) = (counter, entry.Seen);
        }

        return found;
    }

    private (int Rises, int Replays, int Series, int Counters) Mark() => (_rises.Count, _replays.Count, _series.Count, _counters.Count);

    private void Back((int Rises, int Replays, int Series, int Counters) to)
    {
        _rises.RemoveRange(to.Rises, _rises.Count - to.Rises);
        _replays.RemoveRange(to.Replays, _replays.Count - to.Replays);
        _series.Truncate(to.Series);
        for (var counter = to.Counters; counter < _counters.Count; counter++) _classes.Leave(_counters[counter].Class);
        _counters.Truncate(to.Counters);
    }

    /// <summary>Forgets, now and then, counters that were silent while their job was not.</summary>
    private void Sweep()
    {
        if (_lastEnd < _nextSweep) return;
        _nextSweep = _lastEnd + SweepEvery;
        var silentSince = SilentTooMany();
        foreach (var (counter, odd) in _odd.ToList())
        {
            ref var entry = ref _counters[counter];
            if (odd.Debt > 0 || entry.Seen == _number) continue;
            entry.IsOdd = false;
            entry.Anchor = entry.Level;
            _odd.Remove(counter);
            _tables.TouchOdd(counter);
            _tables.TouchLevel(counter);
        }

        uint ForgetBefore(int counter) => _jobs.ForgetBefore(JobOf(_counters[counter]));
        bool IsForgotten(int counter) => _counters[counter].Seen < Math.Max(silentSince, ForgetBefore(counter));
        bool IsNameForgotten(int slot) => _series[slot].Counter is var counter && (IsForgotten(counter) || _series[slot].Seen < ForgetBefore(counter));
        var forgotten = new List<int>();
        for (var counter = 0; counter < _counters.Count; counter++)
        {
            if (IsForgotten(counter)) forgotten.Add(counter);
        }

        var (oldCounters, oldNames) = (_counters.Count, _series.Count);
        _series.RemoveWhere(IsNameForgotten);
        foreach (var counter in forgotten)
        {
            _classes.Leave(_counters[counter].Class);
            if (_odd.Remove(counter)) _tables.TouchOdd(counter);
        }

        var gone = forgotten.ToHashSet();
        var moved = _counters.RemoveWhere(gone.Contains);
        if (moved is not null)
        {
            for (var slot = 0; slot < _series.Count; slot++) _series[slot].Counter = moved[_series[slot].Counter];
            var odd = _odd.ToList();
            _odd.Clear();
            foreach (var (counter, state) in odd)
            {
                _odd[moved[counter]] = state;
                _tables.TouchOdd(counter);
                _tables.TouchOdd(moved[counter]);
            }
        }

        if (moved is not null || _series.Count < oldNames) _tables.TouchAll(oldCounters, oldNames);
        SetShared();
        if (_classes.Compact() is not { } numbers) return;
        for (var counter = 0; counter < _counters.Count; counter++)
        {
            ref var entry = ref _counters[counter];
            if (entry.Class >= 0) entry.Class = numbers[entry.Class];
        }
    }

    /// <summary>Finds out which counters several series show.</summary>
    private void SetShared()
    {
        for (var counter = 0; counter < _counters.Count; counter++) (_counters[counter].IsNamed, _counters[counter].IsShared) = (false, false);
        for (var slot = 0; slot < _series.Count; slot++)
        {
            ref var entry = ref _counters[_series[slot].Counter];
            entry.IsShared |= entry.IsNamed;
            entry.IsNamed = true;
        }
    }

    /// <summary>The number of the window since which a counter must have been seen, where there are too many silent ones; else 0.</summary>
    private uint SilentTooMany()
    {
        var silent = new List<uint>();
        for (var counter = 0; counter < _counters.Count; counter++)
        {
            if (_counters[counter].Seen != _number) silent.Add(_counters[counter].Seen);
        }

        var most = Math.Max(MaxSilent, 4L * (_counters.Count - silent.Count));
        if (silent.Count <= most) return 0;
        silent.Sort();
        return silent[silent.Count - (int)most];
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
