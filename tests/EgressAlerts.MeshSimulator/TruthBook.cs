namespace EgressAlerts.MeshSimulator;

/// <summary>Remembers what each scrape was shown, and adds up what any choice of scrapes amounts to.</summary>
/// <remarks>It uses the plainest arithmetic there is, so that it can judge cleverer ones.</remarks>
internal sealed class TruthBook(int remembered)
{
    private readonly Dictionary<int, List<(string Series, TruthKey Key, double Value)>> _scrapes = [];
    private int _number;

    public int Shown(IEnumerable<Counter> counters)
    {
        _number++;
        if (remembered == 0) return _number;
        _scrapes[_number] = [.. counters.Where(counter => counter.Truth is not null).Select(counter => (counter.Series, counter.Truth!.Value, counter.Value))];
        _scrapes.Remove(_number - remembered);
        return _number;
    }

    /// <summary>A series not shown before counts in full, one that fell restarted from zero, any other by its difference. A restart that ends higher
    /// than it began cannot be told from growth by anyone who sees only scrapes.</summary>
    public Dictionary<TruthKey, double> Sums(IReadOnlyCollection<int> baseline, IReadOnlyCollection<int> counted)
    {
        var last = new Dictionary<string, double>();
        var sums = new Dictionary<TruthKey, double>();
        var these = counted.ToHashSet();
        foreach (var number in baseline.Concat(counted).Order())
        {
            var counts = these.Contains(number);
            foreach (var (series, key, value) in _scrapes[number])
            {
                var before = last.GetValueOrDefault(series);
                if (counts) sums[key] = sums.GetValueOrDefault(key) + (value < before ? value : value - before);
                last[series] = value;
            }
        }

        return sums;
    }
}
