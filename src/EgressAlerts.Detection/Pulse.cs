namespace EgressAlerts.Detection;

/// <summary>When and how much was exchanged with one destination: the last 64 windows in which there was something, four bytes each.</summary>
/// <remarks>The scores are those of RITA v5 (analysis/beacons.go), adapted to windows: what lies within one window is one exchange, a time is known to a window, and
/// after a long gap all begins anew. The shortest period that can be told is two windows, as in Elastic's bucketed counts.</remarks>
internal sealed class Pulse
{
    private const int Capacity = 64;
    private const int EvenParts = 6;

    /// <summary>Quartiles closer than this, in seconds or bytes, say nothing about skewness.</summary>
    private const double LeastRange = 10;

    /// <summary>Pods that beacon with one period, but not together.</summary>
    private const int MostPhases = 4;

    /// <summary>Sums of random intervals are more even than the intervals: to be taken for several pods' they must be all but equal.</summary>
    private const double LeastOfPhases = 0.9;

    /// <summary>Of shorter periods, in windows, the times are known so coarsely that the intervals must be all but equal.</summary>
    private const int CoarsePeriod = 4;

    /// <summary>So long has a beacon to go on until its duration says all that it can.</summary>
    private static readonly TimeSpan FullDuration = TimeSpan.FromHours(6);

    private readonly List<(ushort Gap, byte Bytes)> _events = [];

    public DateTimeOffset First { get; set; }

    public DateTimeOffset Last { get; set; }

    /// <summary>How much was exchanged in the last window.</summary>
    public double LastBytes { get; set; }

    /// <summary>All exchanges: of each the seconds since the one before in two bytes, little-endian, and its size on <see cref="LogScale"/>.</summary>
    public byte[] Exchanges
    {
        get => [.. _events.SelectMany(e => (byte[])[(byte)e.Gap, (byte)(e.Gap >> 8), e.Bytes])];
        init
        {
            if (value.Length % 3 != 0 || value.Length > 3 * Capacity) throw new FormatException($"a pulse of {value.Length} bytes");
            _events.AddRange(value.Chunk(3).Select(e => ((ushort)(e[0] | (e[1] << 8)), e[2])));
        }
    }

    /// <summary>How many exchanges are remembered.</summary>
    public int Count => _events.Count;

    /// <summary>Seconds from one exchange to the next, in the middle.</summary>
    public double Period => _events.Count < 2 ? 0 : Statistics.Median(Gaps());

    /// <summary>Bytes both ways in an exchange, in the middle.</summary>
    public double TypicalBytes => _events.Count == 0 ? 0 : Statistics.Median(Sizes());

    /// <summary>Whether what comes now would begin anew.</summary>
    public bool HasEnded(DateTimeOffset now) => (now - Last).TotalSeconds > ushort.MaxValue;

    /// <param name="bytes">Both ways.</param>
    public void Add(DateTimeOffset at, double bytes)
    {
        if (at == Last)
        {
            // Another flow of the same window belongs to the same exchange.
            LastBytes += bytes;
            _events[^1] = _events[^1] with { Bytes = LogScale.Code(LastBytes, 1) };
            return;
        }

        var gap = (at - Last).TotalSeconds;
        if (HasEnded(at))
        {
            _events.Clear();
            (First, gap) = (at, 0);
        }

        if (_events.Count == Capacity) _events.RemoveAt(0);
        _events.Add(((ushort)gap, LogScale.Code(bytes, 1)));
        (Last, LastBytes) = (at, bytes);
    }

    public PulseScore Score(TimeSpan window)
    {
        var gaps = Gaps();
        if (gaps.Count < 3 || Statistics.Median([.. gaps]) is var period && period < 2 * window.TotalSeconds) return default;
        // Few windows an interval make random intervals look alike.
        var intervals = Regularity(gaps, period < CoarsePeriod * window.TotalSeconds ? LeastOfPhases : 0);
        for (var phases = 2; phases <= MostPhases && gaps.Count >= phases + 3; phases++)
            intervals = Math.Max(intervals, Regularity([.. Enumerable.Range(0, gaps.Count - phases + 1).Select(i => gaps.Skip(i).Take(phases).Sum())], LeastOfPhases));
        return new(intervals, Regularity(Sizes()), Evenness(), Math.Min(1, (Last - First) / FullDuration));
    }

    private static double Decoded(byte code) => code == 0 ? 0 : Math.Pow(2, LogScale.Octaves(code));

    private List<double> Gaps() => [.. _events.Skip(1).Select(e => (double)e.Gap)];

    private List<double> Sizes() => [.. _events.Select(e => Decoded(e.Bytes))];

    /// <summary>How symmetric the values lie about their median (Bowley's skewness), and how close to it (MAD), half each.</summary>
    /// <param name="leastMad">Where values lie less close to the median, the score is 0.</param>
    private static double Regularity(List<double> values, double leastMad = 0)
    {
        var median = Statistics.Median(values);
        var (low, high) = (Statistics.Quantile(values, 0.25), Statistics.Quantile(values, 0.75));
        var skew = high - low < LeastRange || median == low || median == high ? 0 : (low + high - (2 * median)) / (high - low);
        var close = median < 1 ? 0 : Math.Max(0, (median - Statistics.Mad(values, median)) / median);
        return close < leastMad ? 0 : (1 - Math.Abs(skew) + close) / 2;
    }

    /// <summary>One less the coefficient of variation of how many exchanges lie in each of six equal parts of the remembered time.</summary>
    private double Evenness()
    {
        var span = _events.Skip(1).Sum(e => e.Gap);
        var (counts, at) = (new int[EvenParts], 0.0);
        foreach (var (gap, _) in _events.Skip(1))
        {
            at += gap;
            counts[Math.Min(EvenParts - 1, (int)(at / span * EvenParts))]++;
        }

        var mean = counts.Average();
        var deviation = Math.Sqrt(counts.Average(count => (count - mean) * (count - mean)));
        return Math.Max(0, 1 - (deviation / mean));
    }
}

/// <summary>How much an activity is like a beacon's, from 0 to 1 each.</summary>
/// <param name="Intervals">How regular its times are.</param>
/// <param name="Sizes">How regular its sizes are.</param>
/// <param name="Evenness">How evenly it is spread over time.</param>
/// <param name="Duration">How long it has gone on.</param>
internal readonly record struct PulseScore(double Intervals, double Sizes, double Evenness, double Duration)
{
    public double Total => (Intervals + Sizes + Evenness + Duration) / 4;
}
