using System.Runtime.InteropServices;

namespace EgressAlerts.Polling;

/// <summary>Holds each meaning of a raw series once, however many pods have such a series, and sums what it grew by in the current window.</summary>
internal sealed class MeaningTable
{
    private readonly Dictionary<SeriesMeaning, int> _numbers = [];
    private readonly List<Entry> _entries = [];
    private readonly List<int> _touched = [];

    /// <summary>The meanings that at least one series has, with the number of their series.</summary>
    public IEnumerable<(SeriesMeaning What, int Series)> All => _entries.Where(entry => entry.Series > 0).Select(entry => (entry.What, entry.Series));

    /// <summary>Adds a series to a meaning and returns the number of the meaning.</summary>
    /// <param name="job">The job's number in <see cref="JobRegister"/>.</param>
    public int Enter(SeriesMeaning what, int job)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, what, out var known);
        if (!known)
        {
            number = _entries.Count;
            _entries.Add(new Entry { What = what, Job = job });
        }

        CollectionsMarshal.AsSpan(_entries)[number].Series++;
        return number;
    }

    public SeriesMeaning this[int number] => _entries[number].What;

    /// <summary>The number of the job of a meaning in <see cref="JobRegister"/>.</summary>
    public int Job(int number) => CollectionsMarshal.AsSpan(_entries)[number].Job;

    /// <summary>Takes a series from a meaning. A negative number stands for a series that had none.</summary>
    public void Leave(int number)
    {
        if (number >= 0) CollectionsMarshal.AsSpan(_entries)[number].Series--;
    }

    public void Grew(int number, double amount, bool isNew)
    {
        ref var entry = ref CollectionsMarshal.AsSpan(_entries)[number];
        if (!entry.IsTouched) _touched.Add(number);
        entry.IsTouched = true;
        if (isNew) entry.Born += amount;
        else entry.Grown += amount;
    }

    /// <summary>Returns what grew since the last call.</summary>
    public IReadOnlyList<Growth> TakeGrowth()
    {
        var entries = CollectionsMarshal.AsSpan(_entries);
        var grown = new Growth[_touched.Count];
        for (var i = 0; i < grown.Length; i++)
        {
            ref var entry = ref entries[_touched[i]];
            grown[i] = new Growth(entry.What, entry.Grown, entry.Born);
            (entry.Grown, entry.Born, entry.IsTouched) = (0, 0, false);
        }

        _touched.Clear();
        return grown;
    }

    /// <summary>Drops the meanings without a series, if they are the majority.</summary>
    /// <returns>The new number of each old one. Null where nothing was dropped.</returns>
    public int[]? Compact()
    {
        if (_entries.Count(entry => entry.Series == 0) <= _entries.Count / 2) return null;
        var old = _entries.ToArray();
        var numbers = new int[old.Length];
        _numbers.Clear();
        _entries.Clear();
        for (var i = 0; i < old.Length; i++)
        {
            if (old[i].Series == 0) continue;
            numbers[i] = _entries.Count;
            _numbers.Add(old[i].What, _entries.Count);
            _entries.Add(old[i]);
        }

        return numbers;
    }

    private struct Entry
    {
        public required SeriesMeaning What;
        public required int Job;
        public int Series;
        public double Grown;
        public double Born;
        public bool IsTouched;
    }
}

/// <summary>What one meaning grew by in one window.</summary>
/// <param name="Grown">By series that were known before.</param>
/// <param name="Born">By series never seen before.</param>
internal readonly record struct Growth(SeriesMeaning What, double Grown, double Born);
