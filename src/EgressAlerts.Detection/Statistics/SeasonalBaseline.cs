using System.Text.Json.Serialization;

namespace EgressAlerts.Detection;

/// <summary>What is usual in an hour of the week, from the hourly values of four weeks.</summary>
/// <remarks>An hour is compared with the same hour of the last four weeks, or of the last 14 days while fewer than three weeks are known, on a logarithmic
/// scale because traffic varies by factors. In octaves above the unit: <c>limit = max(median + deviations × spread, largest + above)</c>, where <c>largest</c>
/// is that of all hours older than a day. Of the hour before, this hour and the next one the largest limit counts, because being an hour late is no anomaly.
/// <c>spread</c> is 1.4826 times the median distance (MAD) of all hours from the median of their hour of the day, between 0.3 and 1. Half of the values may be
/// wild before a median moves, so an attack does not raise what is expected.</remarks>
/// <example>A workload sends 8 MiB at 10:00 in each week, never more than 16 MiB in any hour, and its spread is 0.4 octaves. With 5 deviations
/// 8 MiB × 2^(5 × 0.4) = 32 MiB are usual at 10:00. The largest hour allows 16 MiB × 2^0.5 = 23 MiB. The limit is 32 MiB.</example>
internal sealed class SeasonalBaseline
{
    private const int Week = 24 * 7;
    private const int Weeks = 4;
    private const int Days = 14;

    /// <summary>In octaves. The largest spread makes 32 times the median usual, at five deviations.</summary>
    private const double LeastSpread = 0.3;
    private const double MostSpread = 1;

    /// <summary>While fewer than three weeks are known, an earlier week's value is usual too, with this spread: it may have been an attack.</summary>
    private const double LeastSpreadOnce = 0.25;

    /// <summary>So many octaves above the largest hour of all are usual in any hour, because jobs move; or as many as the spread.</summary>
    private const double LeastAbove = 0.5;
    private const double MostAbove = 2;

    /// <summary>From fewer hours that had anything no spread is known: <see cref="MostAbove"/> is used.</summary>
    private const int LeastHours = 24;
    private const int LeastWeeks = 3;

    /// <summary>What all hours say together. It is computed once an hour.</summary>
    private (long Next, double Spread, double Most, double Above)? _pooled;

    [JsonConstructor]
    public SeasonalBaseline() => Array.Fill(Codes, LogScale.Nothing);

    /// <param name="unit">Values at or below it are treated as 0.</param>
    /// <param name="hour">The first hour to come, counted from the epoch.</param>
    /// <param name="empty">So many hours before it had nothing in them.</param>
    public SeasonalBaseline(double unit, long hour, int empty)
        : this()
    {
        (Unit, Next) = (unit, hour);
        for (var i = 1; i <= Math.Min(empty, Codes.Length); i++) Code(hour - i) = 0;
    }

    /// <summary>One code for each hour of four weeks, see <see cref="LogScale"/>. The place of an hour is its number modulo their count.</summary>
    public byte[] Codes
    {
        get;
        init => field = value is { Length: Week * Weeks } ? value : throw new FormatException($"a baseline needs {Week * Weeks} hours");
    } = new byte[Week * Weeks];

    public double Unit { get; init; }

    /// <summary>The first hour to come.</summary>
    public long Next { get; set; }

    /// <summary>The largest value of an hour that is older than a day; 0 where there is none.</summary>
    public double Most => Pooled().Most is > 0 and var octaves ? Value(octaves) : 0;

    /// <summary>Adds the value of an hour that is over. Hours that are left out are not known.</summary>
    public void Add(long hour, double value)
    {
        if (hour < Next) return;
        for (var i = Math.Max(Next, hour - Codes.Length); i < hour; i++) Code(i) = LogScale.Nothing;
        Code(hour) = LogScale.Code(value, Unit);
        Next = hour + 1;
    }

    /// <summary>What is usual in an hour to come; null while too little is known.</summary>
    /// <param name="deviations">How many spreads above the median are usual.</param>
    public Expectation? Expected(long hour, double deviations)
    {
        Expectation? most = null;
        for (var at = hour - 1; at <= hour + 1; at++)
        {
            if (ExpectedAt(at, hour, deviations) is { } expected && (most is not { } other || expected.Limit > other.Limit)) most = expected;
        }

        return most;
    }

    private Expectation? ExpectedAt(long at, long now, double deviations)
    {
        var byWeek = Known(at, now, Week, Weeks);
        var values = byWeek.Count >= LeastWeeks ? byWeek : Known(at, now, 24, Days);
        if (values.Count < 2) return null;
        var (spread, most, above) = Pooled();
        var median = Statistics.Median(values);
        var limit = Math.Max(median + (deviations * spread), most + above);
        if (byWeek.Count is > 0 and < LeastWeeks) limit = Math.Max(limit, byWeek.Max() + (deviations * LeastSpreadOnce));
        return new(median == 0 ? 0 : Value(median), Value(limit), values.Count);
    }

    /// <summary>Some hundred values of all hours tell a spread more surely than the few of one hour. Hours that had nothing are left out. The last day
    /// does not count for the largest hour: else a workload that sends a little more with each hour would make it usual.</summary>
    private (double Spread, double Most, double Above) Pooled()
    {
        if (_pooled is { } known && known.Next == Next) return (known.Spread, known.Most, known.Above);
        var (residuals, most) = (new List<double>(Codes.Length), 0.0);
        for (var last = Next - 24; last < Next; last++)
        {
            var values = new List<double>(Codes.Length / 24);
            for (var hour = last; hour >= Math.Max(0, Next - Codes.Length); hour -= 24)
            {
                if (Code(hour) is not (LogScale.Nothing or 0) and var code) values.Add(LogScale.Octaves(code));
                if (hour < Next - 24 && Code(hour) is not LogScale.Nothing) most = Math.Max(most, LogScale.Octaves(Code(hour)));
            }

            if (values.Count == 0) continue;
            var median = Statistics.Median(values);
            residuals.AddRange(values.Select(value => value - median));
        }

        var wild = residuals.Count == 0 ? LeastSpread : Statistics.Spread(residuals, Statistics.Median(residuals));
        var above = residuals.Count < LeastHours ? MostAbove : Math.Clamp(wild, LeastAbove, MostAbove);
        _pooled = (Next, Math.Clamp(wild, LeastSpread, MostSpread), most, above);
        return Pooled();
    }

    /// <summary>The known values, in octaves, of hours that lie whole periods before one. It takes only hours before now.</summary>
    private List<double> Known(long at, long now, int period, int most)
    {
        var known = new List<double>(most);
        for (var i = 1; i <= most; i++)
        {
            var hour = at - (i * period);
            if (hour < now && hour < Next && hour >= Next - Codes.Length && Code(hour) is var code and not LogScale.Nothing) known.Add(LogScale.Octaves(code));
        }

        return known;
    }

    private double Value(double octaves) => Unit * Math.Pow(2, octaves);

    private ref byte Code(long hour) => ref Codes[hour % Codes.Length];
}

/// <summary>What is usual in an hour.</summary>
/// <param name="Median">In the unit of the values.</param>
/// <param name="Limit">More than this is not usual.</param>
/// <param name="Hours">From how many hours of earlier weeks or days this is known.</param>
internal readonly record struct Expectation(double Median, double Limit, int Hours);
