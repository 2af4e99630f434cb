namespace EgressAlerts.Detection;

/// <summary>When and how much was exchanged with one destination: the last 64 windows that had something, five bytes each.</summary>
/// <remarks>The scores are those of RITA v5 (analysis/beacons.go), adapted to windows. All that lies within one window is one exchange, a time is known to
/// a window, and after a gap of three days all begins anew. The shortest period that intervals can tell is two windows, as in Elastic's bucketed counts.
/// <c>regularity of intervals or sizes = (1 - |skewness| + 1 - MAD / median) / 2</c>, <c>evenness = 1 - standard deviation / mean</c> of the exchanges in
/// up to six equal parts of the time, <c>duration = time / 3 h</c>, at most 1. The score is the mean of the four.</remarks>
/// <example>Exchanges come every 5 minutes for 90 minutes, with about 600 bytes: the median of their sizes is 600, the MAD 100, and they are not skewed.
/// Intervals have 1, sizes (1 + 1 - 100 / 600) / 2 = 0.92, evenness 1, and the duration 0.5: the score is 0.85.</example>
internal sealed class Pulse
{
    private const int Capacity = 64;
    private const int EvenParts = 6;

    /// <summary>The least exchanges in a part on average. Parts with fewer are uneven by chance.</summary>
    private const int LeastInPart = 4;
    private const int EventBytes = sizeof(uint) + 1;

    /// <summary>In seconds or bytes. Quartiles that are closer than this say nothing about skewness.</summary>
    private const double LeastRange = 10;

    /// <summary>The most pods that intervals can tell. With one period, but different times, so many intervals in a row add up to it.</summary>
    private const int MostPhases = 4;

    /// <summary>The least closeness of such sums. It is high, because sums of random intervals are more even than the intervals.</summary>
    private const double LeastOfPhases = 0.9;

    /// <summary>In windows. Random intervals look alike where periods are shorter, so those need <see cref="LeastOfPhases"/> too.</summary>
    private const int CoarsePeriod = 4;

    /// <summary>After this long the duration scores 1.</summary>
    private static readonly TimeSpan FullDuration = TimeSpan.FromHours(3);

    /// <summary>After a longer gap all begins anew. A beacon may come once a day, and miss a day.</summary>
    private static readonly TimeSpan LongestGap = TimeSpan.FromDays(3);

    private readonly List<(uint Gap, byte Bytes)> _events = [];

    public DateTimeOffset First { get; set; }

    public DateTimeOffset Last { get; set; }

    /// <summary>The bytes of the last window, both ways.</summary>
    public double LastBytes { get; set; }

    /// <summary>How many exchanges there were in the last window.</summary>
    public double LastExchanges { get; set; }

    /// <summary>As the database holds them: of each exchange the seconds since the one before (32 bits, little-endian), and the <see cref="LogScale"/> of its
    /// size.</summary>
    public byte[] Exchanges
    {
        get => [.. _events.SelectMany(e => (byte[])[(byte)e.Gap, (byte)(e.Gap >> 8), (byte)(e.Gap >> 16), (byte)(e.Gap >> 24), e.Bytes])];
        init
        {
            if (value.Length % EventBytes != 0 || value.Length > EventBytes * Capacity) throw new FormatException($"a pulse of {value.Length} bytes");
            _events.AddRange(value.Chunk(EventBytes).Select(e => (BitConverter.ToUInt32(e), e[4])));
        }
    }

    /// <summary>How evenly exchanges are spread over stretches of time.</summary>
    public Dispersion Counts { get; init; } = new();

    /// <summary>How many exchanges are remembered.</summary>
    public int Count => _events.Count;

    /// <summary>The median of the seconds from one exchange to the next.</summary>
    public double Period => _events.Count < 2 ? 0 : Statistics.Median(Gaps());

    /// <summary>The median of the bytes of an exchange, both ways.</summary>
    public double TypicalBytes => _events.Count == 0 ? 0 : Statistics.Median(Sizes());

    /// <summary>Whether an exchange now would begin anew.</summary>
    public bool HasEnded(DateTimeOffset now) => now - Last > LongestGap;

    /// <param name="at">The end of the window.</param>
    /// <param name="exchanges">How many there were in it.</param>
    /// <param name="bytes">Both ways.</param>
    public void Add(DateTimeOffset at, TimeSpan window, double exchanges, double bytes)
    {
        // A connection may open in one window, carry its bytes in the next, and close in a third. Where there are bytes, only windows with bytes are exchanges.
        if (bytes == 0 && LastBytes > 0) return;
        if (HasEnded(at) || (bytes > 0 && LastBytes == 0)) Clear();
        Counts.Add(at.Ticks / window.Ticks, exchanges);
        if (at == Last && _events.Count > 0)
        {
            // This is another flow of the same window, so it belongs to the same exchange.
            (LastBytes, LastExchanges) = (LastBytes + bytes, LastExchanges + exchanges);
            _events[^1] = _events[^1] with { Bytes = LogScale.Code(LastBytes / LastExchanges, 1) };
            return;
        }

        if (_events.Count == 0) First = at;
        if (_events.Count == Capacity) _events.RemoveAt(0);
        _events.Add((_events.Count == 0 ? 0 : (uint)(at - Last).TotalSeconds, LogScale.Code(bytes / exchanges, 1)));
        (Last, LastBytes, LastExchanges) = (at, bytes, exchanges);
    }

    public PulseScore Score(TimeSpan window)
    {
        var gaps = Gaps();
        if (gaps.Count < 3) return default;
        var period = Statistics.Median([.. gaps]);
        if (period < 2 * window.TotalSeconds) return new(0, Regularity(Sizes()), 0, 0); // Intervals of one window are all alike.
        var intervals = Regularity(gaps, period < CoarsePeriod * window.TotalSeconds ? LeastOfPhases : 0);
        for (var phases = 2; phases <= MostPhases && gaps.Count >= phases + 3; phases++)
        {
            var sums = Enumerable.Range(0, gaps.Count - phases + 1).Select(i => gaps.Skip(i).Take(phases).Sum());
            intervals = Math.Max(intervals, Regularity([.. sums], LeastOfPhases));
        }

        return new(intervals, Regularity(Sizes()), Evenness(), Math.Min(1, (Last - First) / FullDuration));
    }

    private void Clear()
    {
        _events.Clear();
        Counts.Clear();
    }

    private static double Decoded(byte code) => code == 0 ? 0 : Math.Pow(2, LogScale.Octaves(code));

    private List<double> Gaps() => [.. _events.Skip(1).Select(e => (double)e.Gap)];

    private List<double> Sizes() => [.. _events.Select(e => Decoded(e.Bytes))];

    /// <summary>How symmetric the values lie about their median (Bowley's skewness), and how close to it (MAD): half each, from 0 to 1.</summary>
    /// <param name="leastClose">Where values lie less close to the median than this, from 0 to 1, the score is 0.</param>
    private static double Regularity(List<double> values, double leastClose = 0)
    {
        var median = Statistics.Median(values);
        var (low, high) = (Statistics.Quantile(values, 0.25), Statistics.Quantile(values, 0.75));
        var skew = high - low < LeastRange || median == low || median == high ? 0 : (low + high - (2 * median)) / (high - low);
        var close = median < 1 ? 0 : Math.Max(0, (median - Statistics.Mad(values, median)) / median);
        // Few values are skewed by chance, and so much is forgiven.
        var chance = (1 / Math.Sqrt(values.Count)) - (1 / Math.Sqrt(Capacity));
        return close < leastClose ? 0 : (1 - Math.Max(0, Math.Abs(skew) - chance) + close) / 2;
    }

    /// <summary>How evenly the exchanges are spread over up to six equal parts of the remembered time, from 0 to 1.</summary>
    private double Evenness()
    {
        var span = _events.Skip(1).Sum(e => e.Gap);
        var (counts, at) = (new int[Math.Clamp(_events.Count / LeastInPart, 2, EvenParts)], 0.0);
        foreach (var (gap, _) in _events.Skip(1))
        {
            at += gap;
            counts[Math.Min(counts.Length - 1, (int)(at / span * counts.Length))]++;
        }

        var mean = counts.Average();
        var deviation = Math.Sqrt(counts.Average(count => (count - mean) * (count - mean)));
        return Math.Max(0, 1 - (deviation / mean));
    }
}

/// <summary>How much exchanges are like those of a beacon, from 0 to 1 each.</summary>
/// <param name="Intervals">How regular their times are.</param>
/// <param name="Sizes">How regular their sizes are.</param>
/// <param name="Evenness">How evenly they are spread over time.</param>
/// <param name="Duration">How long they have gone on.</param>
internal readonly record struct PulseScore(double Intervals, double Sizes, double Evenness, double Duration)
{
    public double Total => (Intervals + Sizes + Evenness + Duration) / 4;
}
