using System.Runtime.InteropServices;

namespace EgressAlerts.Polling;

/// <summary>The different things that raw series count, each held once however many pods count it, and what each grew by in the current window.</summary>
internal sealed class ClassTable
{
    private readonly Dictionary<SeriesMeaning, int> _numbers = [];
    private readonly List<Class> _classes = [];
    private readonly List<int> _touched = [];

    /// <summary>What there is at least one series of, with the number of its series.</summary>
    public IEnumerable<(SeriesMeaning What, int Series)> All => _classes.Where(entry => entry.Series > 0).Select(entry => (entry.What, entry.Series));

    /// <summary>The number of a class for one more series of it.</summary>
    /// <param name="job">The job's number in <see cref="JobRegister"/>.</param>
    public int Enter(SeriesMeaning what, int job)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, what, out var known);
        if (!known)
        {
            number = _classes.Count;
            _classes.Add(new Class { What = what, Job = job });
        }

        CollectionsMarshal.AsSpan(_classes)[number].Series++;
        return number;
    }

    public SeriesMeaning this[int number] => _classes[number].What;

    /// <summary>The number of a class' job in <see cref="JobRegister"/>.</summary>
    public int Job(int number) => CollectionsMarshal.AsSpan(_classes)[number].Job;

    /// <summary>One series of a class is gone; a negative number stands for a series without a class.</summary>
    public void Leave(int number)
    {
        if (number >= 0) CollectionsMarshal.AsSpan(_classes)[number].Series--;
    }

    public void Grew(int number, double amount, bool isNew)
    {
        ref var entry = ref CollectionsMarshal.AsSpan(_classes)[number];
        if (!entry.IsTouched) _touched.Add(number);
        entry.IsTouched = true;
        if (isNew) entry.Born += amount;
        else entry.Grown += amount;
    }

    /// <summary>What grew since the last call.</summary>
    public IReadOnlyList<Growth> TakeGrowth()
    {
        var classes = CollectionsMarshal.AsSpan(_classes);
        var grown = new Growth[_touched.Count];
        for (var i = 0; i < grown.Length; i++)
        {
            ref var entry = ref classes[_touched[i]];
            grown[i] = new Growth(entry.What, entry.Grown, entry.Born);
            (entry.Grown, entry.Born, entry.IsTouched) = (0, 0, false);
        }

        _touched.Clear();
        return grown;
    }

    /// <summary>Drops the classes that nothing is left of, where they are the majority; the new number of each old one, else null.</summary>
    public int[]? Compact()
    {
        if (_classes.Count(entry => entry.Series == 0) <= _classes.Count / 2) return null;
        var old = _classes.ToArray();
        var numbers = new int[old.Length];
        _numbers.Clear();
        _classes.Clear();
        for (var i = 0; i < old.Length; i++)
        {
            if (old[i].Series == 0) continue;
            numbers[i] = _classes.Count;
            _numbers.Add(old[i].What, _classes.Count);
            _classes.Add(old[i]);
        }

        return numbers;
    }

    private struct Class
    {
        public required SeriesMeaning What;
        public required int Job;
        public int Series;
        public double Grown;
        public double Born;
        public bool IsTouched;
    }
}

/// <summary>What one class grew by in one window.</summary>
/// <param name="Grown">By series that were known before.</param>
/// <param name="Born">By series never seen before.</param>
internal readonly record struct Growth(SeriesMeaning What, double Grown, double Born);
