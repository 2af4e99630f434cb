namespace EgressAlerts.Exam.Traffic;

/// <summary>Random numbers that are the same on every machine for the same seed. Each stream of traffic has dice of its own, so that none disturbs
/// another.</summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;
    private double _spare = double.NaN;

    /// <summary>Dice for one purpose, named by a text, of one play.</summary>
    public static Dice For(int seed, string purpose)
    {
        var hash = 14695981039346656037UL + (ulong)seed;
        foreach (var letter in purpose) hash = (hash ^ letter) * 1099511628211UL;
        return new Dice(hash);
    }

    /// <summary>Evenly between 0 and 1, never 1.</summary>
    public double Unit()
    {
        // SplitMix64 (Steele, Lea, Flood 2014).
        _state += 0x9e3779b97f4a7c15UL;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9UL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebUL;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    public int Below(int end) => (int)(Unit() * end);

    public double Between(double least, double most) => least + ((most - least) * Unit());

    public bool Chance(double probability) => Unit() < probability;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>An index below <paramref name="count"/> by a law of Zipf with exponent 1: the first are picked most.</summary>
    public int Zipf(int count) => Math.Min(count - 1, (int)Math.Exp(Unit() * Math.Log(count + 1)) - 1);

    /// <summary>Normal with mean 0 and deviation 1, by Marsaglia's polar method.</summary>
    public double Normal()
    {
        if (!double.IsNaN(_spare))
        {
            var spare = _spare;
            _spare = double.NaN;
            return spare;
        }

        double x, y, square;
        do
        {
            (x, y) = ((2 * Unit()) - 1, (2 * Unit()) - 1);
            square = (x * x) + (y * y);
        }
        while (square is >= 1 or 0);

        var factor = Math.Sqrt(-2 * Math.Log(square) / square);
        _spare = y * factor;
        return x * factor;
    }

    public double LogNormal(double median, double sigma) => median * Math.Exp(sigma * Normal());

    /// <summary>Pareto: heavy tailed from <paramref name="least"/>, cut at <paramref name="most"/>.</summary>
    public double Pareto(double least, double alpha, double most) => Math.Min(most, least * Math.Pow(1 - Unit(), -1 / alpha));

    /// <summary>Seconds until the next event where events come at random, at least one.</summary>
    public long Wait(double meanSeconds) => 1 + (long)(-meanSeconds * Math.Log(1 - Unit()));

    public int Poisson(double mean)
    {
        if (mean > 30) return (int)Math.Max(0, Math.Round(mean + (Normal() * Math.Sqrt(mean))));
        var (count, product, limit) = (0, Unit(), Math.Exp(-mean));
        for (; product > limit; count++) product *= Unit();
        return count;
    }

    /// <summary>The sum of many lognormal sizes, without drawing each one where there are many.</summary>
    public double Sizes(int count, double median, double sigma)
    {
        if (count > 8)
        {
            var (mean, square) = (median * Math.Exp(sigma * sigma / 2), Math.Exp(sigma * sigma) - 1);
            return count * mean * Math.Max(0.2, 1 + (Normal() * Math.Sqrt(square / count)));
        }

        var sum = 0.0;
        for (var i = 0; i < count; i++) sum += LogNormal(median, sigma);
        return sum;
    }
}
