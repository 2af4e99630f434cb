using EgressAlerts.Storage;

namespace EgressAlerts.Polling;

/// <summary>Every counter of every proxy that is known, and the series by which it is known. Hot code.</summary>
/// <remarks>A counter can be shown by several series: one after another when labels of its target change, or at once when two jobs or two replicas of
/// Prometheus scrape it.</remarks>
internal sealed class KnownCounters
{
    /// <summary>So many counters without samples are kept, or four for each that has some; beyond, those that were silent longest go first.</summary>
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

    /// <summary>What the counters count. A counter that was loaded is missing until it has been seen again.</summary>
    public ClassTable Classes { get; } = new();

    /// <summary>What there is to know beside of the counters whose <see cref="TrackedCounter.IsOdd"/> is set.</summary>
    public Dictionary<int, OddState> Odd { get; } = [];

    /// <summary>Keeps all of it in the database. Whoever changes an entry in place touches it.</summary>
    public CounterTables Tables { get; }

    /// <summary>Brings back what was kept.</summary>
    /// <param name="number">The number of the last window.</param>
    /// <param name="isLost">The key of the hashes could not be read, so that nothing can be recognised.</param>
    /// <returns>False where counters were known before a restart and could not be read.</returns>
    public bool Load(StoredState state, uint number, bool isLost)
    {
        var isWhole = Tables.Load(state, number, isLost);
        SetShared();
        return isWhole;
    }

    /// <summary>The slot of a known series, good until the window ends, or <see cref="KeyedTable{T}.None"/>.</summary>
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
            counter = Counters.Add(new TrackedCounter(id) { Class = -1 });
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
        var slot = Series.Add(new RawSeries(KeyOf(labels), counter));
        Tables.TouchName(slot);
        return slot;
    }

    /// <summary>A number that stands for the counter that a series shows, as long as the counter is known.</summary>
    public ulong CounterKey(int slot) => Counters[Series[slot].Counter].Key;

    /// <summary>Whether it is known what the counter of a series counts.</summary>
    public bool IsClassified(int slot) => Counters[Series[slot].Counter].Class >= 0;

    public SeriesMeaning ClassOf(int slot) => Classes[Counters[Series[slot].Counter].Class];

    public void Classify(int slot, SeriesMeaning what)
    {
        var counter = Series[slot].Counter;
        ref var entry = ref Counters[counter];
        var (before, job) = (JobOf(in entry), _jobs.Number(what.Job));
        entry.Class = Classes.Enter(what, job);
        if (job != before) Tables.TouchIdentity(counter);
    }

    /// <summary>The number of the last window that had a sample of this series; 0 where it is not known.</summary>
    /// <param name="key">See <see cref="RawSeries.Key"/>.</param>
    public uint LastSeen(ulong key) => Series.Find(key) is not KeyedTable<RawSeries>.None and var slot ? Series[slot].Seen : 0;

    /// <summary>Series will come under other names from now on.</summary>
    public void ForgetNames()
    {
        Tables.TouchAll(0, Series.Count);
        Series.Truncate(0);
        SetShared();
    }

    /// <summary>Takes the newest ones out again until so many are left.</summary>
    public void Truncate(int series, int counters)
    {
        Series.Truncate(series);
        for (var counter = counters; counter < Counters.Count; counter++) Classes.Leave(Counters[counter].Class);
        Counters.Truncate(counters);
    }

    /// <summary>Every counter will be classified anew when it is next seen.</summary>
    public void Declassify()
    {
        for (var counter = 0; counter < Counters.Count; counter++)
        {
            ref var entry = ref Counters[counter];
            if (entry.Class < 0) continue;
            var job = Classes.Job(entry.Class);
            Classes.Leave(entry.Class);
            entry.Class = -1 - job;
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
        bool IsNameForgotten(int slot) => Series[slot].Counter is var counter && (IsForgotten(counter) || Series[slot].Seen < ForgetBefore(counter));
        var forgotten = Enumerable.Range(0, Counters.Count).Where(IsForgotten).ToHashSet();
        var (oldCounters, oldNames) = (Counters.Count, Series.Count);
        Series.RemoveWhere(IsNameForgotten);
        foreach (var counter in forgotten)
        {
            Classes.Leave(Counters[counter].Class);
            if (Odd.Remove(counter)) Tables.TouchOdd(counter);
        }

        var moved = Counters.RemoveWhere(forgotten.Contains);
        if (moved is not null)
        {
            for (var slot = 0; slot < Series.Count; slot++) Series[slot].Counter = moved[Series[slot].Counter];
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
        if (Classes.Compact() is not { } numbers) return;
        for (var counter = 0; counter < Counters.Count; counter++)
        {
            ref var entry = ref Counters[counter];
            if (entry.Class >= 0) entry.Class = numbers[entry.Class];
        }
    }

    /// <summary>Finds out which counters several series show.</summary>
    private void SetShared()
    {
        for (var counter = 0; counter < Counters.Count; counter++) (Counters[counter].IsNamed, Counters[counter].IsShared) = (false, false);
        for (var slot = 0; slot < Series.Count; slot++)
        {
            ref var entry = ref Counters[Series[slot].Counter];
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

    private int JobOf(in TrackedCounter entry) => entry.Class >= 0 ? Classes.Job(entry.Class) : -1 - entry.Class;

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
