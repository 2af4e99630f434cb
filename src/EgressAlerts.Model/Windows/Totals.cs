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

    public Totals(IReadOnlyDictionary<Metric, double> sums)
    {
        foreach (var (metric, sum) in sums) _sums[(int)metric] = sum;
    }

    public double this[Metric metric] => _sums[(int)metric];

    public void Add(Metric metric, double amount) => _sums[(int)metric] += amount;

    /// <summary>A copy that later additions do not change.</summary>
    public Totals Snapshot() => new(_sums);

    public Dictionary<Metric, double> ToDictionary() => Enum.GetValues<Metric>().ToDictionary(metric => metric, metric => this[metric]);
}
