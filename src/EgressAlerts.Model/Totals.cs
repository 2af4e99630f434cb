namespace EgressAlerts.Model;

/// <summary>One sum per <see cref="Metric"/>.</summary>
public sealed class Totals
{
    private readonly double[] _sums = new double[Enum.GetValues<Metric>().Length];

    /// <param name="sums">What to begin with, in the order of <see cref="Metric"/>; 0 where there is none.</param>
    public Totals(params IReadOnlyList<double> sums)
    {
        for (var i = 0; i < sums.Count; i++) _sums[i] = sums[i];
    }

    public double this[Metric metric] => _sums[(int)metric];

    public void Add(Metric metric, double amount) => _sums[(int)metric] += amount;

    /// <summary>A copy that later additions do not change.</summary>
    public Totals Snapshot() => new(_sums);

    public void Save(BinaryWriter to)
    {
        foreach (var sum in _sums) to.Write(sum);
    }

    public void Load(BinaryReader from)
    {
        for (var i = 0; i < _sums.Length; i++) _sums[i] = from.ReadDouble();
    }
}
