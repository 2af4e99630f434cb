using EgressAlerts.Storage;

namespace EgressAlerts.Polling;

/// <summary>Keeps the counters of <see cref="CounterTracker"/> and their names in the database. Many share a row, because a row for each would cost many times
/// as much.</summary>
/// <remarks>Counters of which one part cannot be read are forgotten. The poller then takes what is unknown for a baseline, because it may be old.</remarks>
/// <param name="jobOf">The number of a counter's job.</param>
/// <param name="chunkSize">How many lie in a row. Tests that watch single rows take 1.</param>
internal sealed class CounterTables(
    KeyedTable<TrackedCounter> counters, KeyedTable<RawSeries> series, Dictionary<int, OddState> odd, Func<int, int> jobOf,
    int chunkSize = CounterTables.ChunkSize)
{
    public const int ChunkSize = 512;

    private static readonly Shape<int, Identities> IdentityShape = Shape.ByNumber<Identities>(
        "raw_counter_identity", "chunk", ["keys", "pods", "jobs"],
        state => [Packed.Bytes<ulong>(state.Keys), Packed.Bytes<uint>(state.Pods), Packed.Bytes<int>(state.Jobs)],
        values =>
        {
            var keys = Packed.Numbers<ulong>(values[0]);
            return new(keys, Packed.Numbers<uint>(values[1], keys.Length), Packed.Numbers<int>(values[2], keys.Length));
        });

    private static readonly Shape<int, Levels> LevelShape = Shape.ByNumber<Levels>(
        "raw_counter", "chunk", ["levels", "anchors", "seen"],
        state => [
            Packed.Bytes<double>(state.Values),
            Packed.Differences(state.Anchors, state.Values),
            state.Seen.AsSpan().ContainsAnyExcept(0u) ? Packed.Bytes<uint>(state.Seen) : []],
        values =>
        {
            var levels = Packed.Numbers<double>(values[0]);
            var seen = values[2] is byte[] { Length: 0 } ? new uint[levels.Length] : Packed.Numbers<uint>(values[2], levels.Length);
            return new(levels, Packed.Apply((byte[])values[1], levels), seen);
        });

    private static readonly Shape<int, Names> NameShape = Shape.ByNumber<Names>(
        "raw_series", "chunk", ["hashes", "counters"],
        state => [Packed.Bytes<ulong>(state.Hashes), Packed.Bytes<int>(state.Counters)],
        values =>
        {
            var hashes = Packed.Numbers<ulong>(values[0]);
            return new(hashes, Packed.Numbers<int>(values[1], hashes.Length));
        });

    private static readonly Shape<int, OddState> OddShape = Shape.ByNumber<OddState>(
        "odd_raw_counter", "number", ["counted", "debt", "since"],
        state => [state.Counted, state.Debt, state.From],
        values => new((double)values[0], (double)values[1], (long)values[2]));

    private Rows<int, Identities> _identities = null!;
    private Rows<int, Levels> _levels = null!;
    private Rows<int, Names> _names = null!;
    private Rows<int, OddState> _odd = null!;

    /// <summary>A counter has come, or its pod or job has become known.</summary>
    public void TouchIdentity(int counter) => _identities.Touch(counter / chunkSize);

    /// <summary>A counter's level, anchor or last window has changed.</summary>
    public void TouchLevel(int counter) => _levels.Touch(counter / chunkSize);

    public void TouchOdd(int counter) => _odd.Touch(counter);

    public void TouchName(int row) => _names.Touch(row / chunkSize);

    /// <summary>Counters have other numbers now.</summary>
    /// <param name="oldCounters">How many there were; names likewise.</param>
    public void TouchAll(int oldCounters, int oldNames)
    {
        for (var counter = 0; counter < Math.Max(counters.Count, oldCounters); counter += chunkSize)
        {
            TouchIdentity(counter);
            TouchLevel(counter);
        }

        for (var row = 0; row < Math.Max(series.Count, oldNames); row += chunkSize) TouchName(row);
    }

    /// <summary>Fills the tracker's tables with what was kept.</summary>
    /// <param name="number">The number of the last window.</param>
    /// <param name="isLost">The key of the hashes could not be read, so that nothing can be recognised.</param>
    /// <returns>False where counters were lost.</returns>
    public bool Load(StoredState state, uint number, bool isLost)
    {
        (_identities, var identities, var lostIdentities) = state.Rows<int, Identities>(IdentityShape, Find);
        (_levels, var levels, var lostLevels) = state.Rows<int, Levels>(LevelShape, Find);
        (_names, var names, _) = state.Rows<int, Names>(NameShape, Find);
        (_odd, var odds, _) = state.Rows<int, OddState>(OddShape, odd.TryGetValue);
        var moved = new Dictionary<int, int>();
        foreach (var (chunk, ids) in identities.OrderBy(row => row.Key))
        {
            if (isLost || !levels.TryGetValue(chunk, out var level) || level.Values.Length != ids.Keys.Length) continue;
            for (var i = 0; i < ids.Keys.Length; i++)
            {
                moved[(chunk * chunkSize) + i] = counters.Add(new TrackedCounter(new(ids.Keys[i], ids.Pods[i]))
                {
                    Meaning = -1 - ids.Jobs[i],
                    Level = level.Values[i],
                    Anchor = level.Anchors[i],
                    Seen = level.Seen[i] == 0 ? number : level.Seen[i] - 1,
                    IsPresent = level.Seen[i] == 0,
                });
            }
        }

        foreach (var (hash, counter) in names.OrderBy(row => row.Key).SelectMany(row => row.Value.Hashes.Zip(row.Value.Counters)))
        {
            if (moved.TryGetValue(counter, out var now)) series.Add(new RawSeries(hash, now) { Seen = counters[now].Seen });
        }

        foreach (var (counter, one) in odds)
        {
            if (moved.TryGetValue(counter, out var now)) odd[now] = one;
        }

        for (var counter = 0; counter < counters.Count; counter++) counters[counter].IsOdd = odd.ContainsKey(counter);
        var kept = identities.Values.Sum(ids => ids.Keys.Length);
        var isWhole = !isLost && lostIdentities + lostLevels == 0 && counters.Count == kept;
        if (isWhole && series.Count == names.Values.Sum(all => all.Hashes.Length)) return true;
        var (last, lastName) = (identities.Keys.Concat(levels.Keys).DefaultIfEmpty(-1).Max(), names.Keys.DefaultIfEmpty(-1).Max());
        TouchAll((last + 1) * chunkSize, (lastName + 1) * chunkSize);
        foreach (var counter in odds.Keys.Concat(odd.Keys)) TouchOdd(counter);
        return isWhole;
    }

    private (int From, int Count) Range(int chunk, int count) => (chunk * chunkSize, Math.Clamp(count - (chunk * chunkSize), 0, chunkSize));

    private bool Find(int chunk, out Identities state)
    {
        var (from, count) = Range(chunk, counters.Count);
        state = new(new ulong[count], new uint[count], new int[count]);
        for (var i = 0; i < count; i++) (state.Keys[i], state.Pods[i], state.Jobs[i]) = (counters[from + i].Key, counters[from + i].Pod, jobOf(from + i));
        return count > 0;
    }

    private bool Find(int chunk, out Levels state)
    {
        var (from, count) = Range(chunk, counters.Count);
        state = new(new double[count], new double[count], new uint[count]);
        for (var i = 0; i < count; i++)
        {
            ref var entry = ref counters[from + i];
            (state.Values[i], state.Anchors[i], state.Seen[i]) = (entry.Level, entry.Anchor, entry.IsPresent ? 0 : entry.Seen + 1);
        }

        return count > 0;
    }

    private bool Find(int chunk, out Names state)
    {
        var (from, count) = Range(chunk, series.Count);
        state = new(new ulong[count], new int[count]);
        for (var i = 0; i < count; i++) (state.Hashes[i], state.Counters[i]) = (series[from + i].Key, series[from + i].Counter);
        return count > 0;
    }

    private readonly record struct Identities(ulong[] Keys, uint[] Pods, int[] Jobs);

    private readonly record struct Levels(double[] Values, double[] Anchors, uint[] Seen);

    private readonly record struct Names(ulong[] Hashes, int[] Counters);
}
