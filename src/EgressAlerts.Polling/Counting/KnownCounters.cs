using EgressAlerts.Storage;

namespace EgressAlerts.Polling;

/// <summary>Holds every known counter of every proxy, and the series that show it. Hot code.</summary>
/// <remarks>Several series can show one counter. They come one after another when labels of its target change, and at once when two jobs or two replicas
/// of Prometheus scrape it.</remarks>
internal sealed class KnownCounters
{
    /// <summary>So many counters without samples are kept, or four for each counter that has some. Of more, those that were silent longest are
    /// forgotten.</summary>
    private const int MaxSilent = 1_000_000;

    private readonly JobRegister _jobs;
    private readonly SeriesHash _hash;

    /// <param name="chunkSize">How many counters lie in a row of the database.</param>
    public KnownCounters(JobRegister jobs, SeriesHash hash, int chunkSize)
    {
        (_jobs, _hash) = (jobs, hash);
        Tables = new(Counters, Series, Odd, counter => JobOf(in Counters[counter]), chunkSize);
    }

    public KeyedTable<RawSeries> Series { get; } = new();

    public KeyedTable<TrackedCounter> Counters { get; } = new();

    /// <summary>What the counters mean. A counter that was loaded from the database has no meaning until it is seen again.</summary>
    public MeaningTable Meanings { get; } = new();

    /// <summary>More state of the counters whose <see cref="TrackedCounter.IsOdd"/> is set.</summary>
    public Dictionary<int, OddState> Odd { get; } = [];

    /// <summary>Keeps all of this in the database. Whoever changes an entry in place calls one of its methods.</summary>
    public CounterTables Tables { get; }

    /// <summary>Loads what the database holds.</summary>
    /// <param name="number">The number of the last window.</param>
    /// <param name="isLost">The key of the hashes could not be read, so that nothing can be recognised.</param>
    /// <returns>False where counters were known before a restart and could not be read.</returns>
    public bool Load(StoredState state, uint number, bool isLost)
    {
        var isWhole = Tables.Load(state, number, isLost);
        SetShared();
        return isWhole;
    }

    /// <summary>The row of a series, which is valid until the window ends; or <see cref="KeyedTable{T}.None"/>.</summary>
    public int Find(ReadOnlySpan<byte> labels) => Series.Find(KeyOf(labels));

    /// <summary>The key of a series in <see cref="Series"/>: a hash of its labels, byte by byte as they were sent.</summary>
    public ulong KeyOf(ReadOnlySpan<byte> labels) => _hash.Compute(labels);

    /// <summary>Adds a series that <see cref="Find"/> does not know.</summary>
    /// <param name="targetLabels">As <see cref="ProxyCounter.Of"/> takes them.</param>
    public int Add(ReadOnlySpan<byte> labels, IReadOnlyDictionary<string, string> read, IReadOnlySet<string>? targetLabels)
    {
        var id = ProxyCounter.Of(read, targetLabels, _hash);
        var counter = FindCounter(id);
        if (counter == KeyedTable<TrackedCounter>.None)
        {
            counter = Counters.Add(new TrackedCounter(id) { Meaning = -1 });
            Tables.TouchIdentity(counter);
            Tables.TouchLevel(counter);
        }

        ref var entry = ref Counters[counter];
        if (entry.Pod != id.Pod && entry.Pod == 0)
        {
            entry.Pod = id.Pod;
            Tables.TouchIdentity(counter);
        }

        entry.IsShared |= entry.IsNamed;
        entry.IsNamed = true;
        var row = Series.Add(new RawSeries(KeyOf(labels), counter));
        Tables.TouchName(row);
        return row;
    }

    /// <summary>The key of the counter that a series shows.</summary>
    public ulong CounterKey(int row) => Counters[Series[row].Counter].Key;

    /// <summary>Whether the counter of a series has a meaning.</summary>
    public bool IsClassified(int row) => Counters[Series[row].Counter].Meaning >= 0;

    public SeriesMeaning MeaningOf(int row) => Meanings[Counters[Series[row].Counter].Meaning];

    public void Classify(int row, SeriesMeaning what)
    {
        var counter = Series[row].Counter;
        ref var entry = ref Counters[counter];
        var (before, job) = (JobOf(in entry), _jobs.Number(what.Job));
        entry.Meaning = Meanings.Enter(what, job);
        if (job != before) Tables.TouchIdentity(counter);
    }

    /// <summary>The number of the last window that had a sample of this series; 0 where it is not known.</summary>
    /// <param name="key">See <see cref="RawSeries.Key"/>.</param>
    public uint LastSeen(ulong key) => Series.Find(key) is not KeyedTable<RawSeries>.None and var row ? Series[row].Seen : 0;

    /// <summary>Forgets all series, because they will come with other labels from now on.</summary>
    public void ForgetNames()
    {
        Tables.TouchAll(0, Series.Count);
        Series.Truncate(0);
        SetShared();
    }

    /// <summary>Removes the newest series and counters until so many are left.</summary>
    public void Truncate(int series, int counters)
    {
        Series.Truncate(series);
        for (var counter = counters; counter < Counters.Count; counter++) Meanings.Leave(Counters[counter].Meaning);
        Counters.Truncate(counters);
    }

    /// <summary>Takes the meaning from every counter. Each is classified again when it is next seen.</summary>
    public void Declassify()
    {
        for (var counter = 0; counter < Counters.Count; counter++)
        {
            ref var entry = ref Counters[counter];
            if (entry.Meaning < 0) continue;
            var job = Meanings.Job(entry.Meaning);
            Meanings.Leave(entry.Meaning);
            entry.Meaning = -1 - job;
        }
    }

    /// <summary>Notes which counters had a sample in the last window, where that has changed.</summary>
    public void NotePresent(uint number)
    {
        for (var counter = 0; counter < Counters.Count; counter++)
        {
            ref var entry = ref Counters[counter];
            if (entry.IsPresent == (entry.Seen == number)) continue;
            entry.IsPresent = !entry.IsPresent;
            Tables.TouchLevel(counter);
        }
    }

    /// <summary>Forgets counters that were silent while their job was not.</summary>
    public void Sweep(uint number)
    {
        var silentSince = SilentTooMany(number);
        foreach (var (counter, odd) in Odd.ToList())
        {
            ref var entry = ref Counters[counter];
            if (odd.Debt > 0 || entry.Seen == number) continue;
            entry.IsOdd = false;
            entry.Anchor = entry.Level;
            Odd.Remove(counter);
            Tables.TouchOdd(counter);
            Tables.TouchLevel(counter);
        }

        uint ForgetBefore(int counter) => _jobs.ForgetBefore(JobOf(Counters[counter]));
        bool IsForgotten(int counter) => Counters[counter].Seen < Math.Max(silentSince, ForgetBefore(counter));
        bool IsNameForgotten(int row) => Series[row].Counter is var counter && (IsForgotten(counter) || Series[row].Seen < ForgetBefore(counter));
        var forgotten = Enumerable.Range(0, Counters.Count).Where(IsForgotten).ToHashSet();
        var (oldCounters, oldNames) = (Counters.Count, Series.Count);
        Series.RemoveWhere(IsNameForgotten);
        foreach (var counter in forgotten)
        {
            Meanings.Leave(Counters[counter].Meaning);
            if (Odd.Remove(counter)) Tables.TouchOdd(counter);
        }

        var moved = Counters.RemoveWhere(forgotten.Contains);
        if (moved is not null)
        {
            for (var row = 0; row < Series.Count; row++) Series[row].Counter = moved[Series[row].Counter];
            var odd = Odd.ToList();
            Odd.Clear();
            foreach (var (counter, state) in odd)
            {
                Odd[moved[counter]] = state;
                Tables.TouchOdd(counter);
                Tables.TouchOdd(moved[counter]);
            }
        }

        if (moved is not null || Series.Count < oldNames) Tables.TouchAll(oldCounters, oldNames);
        SetShared();
        if (Meanings.Compact() is not { } numbers) return;
        for (var counter = 0; counter < Counters.Count; counter++)
        {
            ref var entry = ref Counters[counter];
            if (entry.Meaning >= 0) entry.Meaning = numbers[entry.Meaning];
        }
    }

    /// <summary>Finds out which counters several series show.</summary>
    private void SetShared()
    {
        for (var counter = 0; counter < Counters.Count; counter++) (Counters[counter].IsNamed, Counters[counter].IsShared) = (false, false);
        for (var row = 0; row < Series.Count; row++)
        {
            ref var entry = ref Counters[Series[row].Counter];
            entry.IsShared |= entry.IsNamed;
            entry.IsNamed = true;
        }
    }

    /// <summary>The number of the window since which a counter must have been seen, where there are too many silent ones; else 0.</summary>
    private uint SilentTooMany(uint number)
    {
        var silent = Enumerable.Range(0, Counters.Count).Select(counter => Counters[counter].Seen).Where(seen => seen != number).ToList();
        var most = Math.Max(MaxSilent, 4L * (Counters.Count - silent.Count));
        if (silent.Count <= most) return 0;
        silent.Sort();
        return silent[silent.Count - (int)most];
    }

    private int JobOf(in TrackedCounter entry) => entry.Meaning >= 0 ? Meanings.Job(entry.Meaning) : -1 - entry.Meaning;

    private int FindCounter(ProxyCounter id)
    {
        var (found, seen) = (KeyedTable<TrackedCounter>.None, 0u);
        for (var counter = Counters.Find(id.Key); counter != KeyedTable<TrackedCounter>.None; counter = Counters.FindOlder(counter))
        {
            ref var entry = ref Counters[counter];
            if (entry.Pod == id.Pod) return counter;
            if (!new ProxyCounter(entry.Key, entry.Pod).IsSame(id) || (found != KeyedTable<TrackedCounter>.None && entry.Seen <= seen)) continue;
            (found, seen) = (counter, entry.Seen);
        }

        return found;
    }
}
