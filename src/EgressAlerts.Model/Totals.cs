using System.Collections;

namespace EgressAlerts.Model;

/// <summary>One sum per <see cref="Metric"/>.</summary>
public sealed class Totals : IReadOnlyList<double>
{
    private readonly double[] _sums = new double[Enum.GetValues<Metric>().Length];

    public Totals()
    {
    }

    public Totals(IReadOnlyList<double> sums)
    {
        for (var i = 0; i < _sums.Length; i++) _sums[i] = sums[i];
    }

    public int Count => _sums.Length;

    public double this[int index] => _sums[index];

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

    public IEnumerator<double> GetEnumerator() => ((IEnumerable<double>)_sums).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _sums.GetEnumerator();
}
