using System.Text.Json.Serialization;

namespace EgressAlerts.Detection;

/// <summary>What is usual in an hour of the week: hourly values of four weeks, and what their median and median absolute deviation (MAD) say of an hour to come.</summary>
/// <remarks>Values are kept on a logarithmic scale (<see cref="LogScale"/>), 672 bytes in all; statistics are of logarithms, because traffic
/// varies by factors. Half of the values may be wild before the median moves: an attack does not raise what is expected (peers' mean and standard deviation do).</remarks>
internal sealed class SeasonalBaseline
{
    private const int Week = 24 * 7;
    private const int Weeks = 4;
    private const int Days = 14;

    /// <summary>Nothing is taken for steadier than this, in octaves, and nothing for wilder: 32 times the median (at five spreads) is not usual for anybody.</summary>
    private const double LeastSpread = 0.3;
    private const double MostSpread = 1;

    /// <summary>A value that happened once in an earlier week may happen again in this hour, with this spread; were it the first of an attack, it must not hide the next.</summary>
    private const double LeastSpreadOnce = 0.25;

    /// <summary>So much above the largest hour of all, in octaves, is usual in any hour: jobs move.</summary>
    private const double AboveMost = 0.5;

    /// <summary>Or as much as its hours differ, where that is more: who sends now and then, and each time another amount, will send more one day.</summary>
    private const double MostAboveMost = 2;

    /// <summary>Of fewer hours that had anything nobody knows how much they differ.</summary>
    private const int LeastHours = 24;

    /// <summary>The median of fewer weeks says less than that of days.</summary>
    private const int LeastWeeks = 3;

    private (long Next, double Spread, double Most, double Above)? _pooled;

    [JsonConstructor]
    public SeasonalBaseline() => Array.Fill(Codes, LogScale.Nothing);

    /// <param name="unit">Values at or below it count as 0.</param>
    /// <param name="hour">The first hour to come, counted from the epoch.</param>
    /// <param name="empty">So many hours before it had nothing in them.</param>
    public SeasonalBaseline(double unit, long hour, int empty)
        : this()
    {
        (Unit, Next) = (unit, hour);
        for (var i = 1; i <= Math.Min(empty, Codes.Length); i++) Code(hour - i) = 0;
    }

    /// <summary>One for each hour of four weeks, see <see cref="LogScale"/>. The place of an hour is its number modulo their count.</summary>
    public byte[] Codes
    {
        get;
        init => field = value is { Length: Week * Weeks } ? value : throw new FormatException($"a baseline needs {Week * Weeks} hours");
    } = new byte[Week * Weeks];

    public double Unit { get; init; }

    /// <summary>The first hour to come.</summary>
    public long Next { get; set; }

    /// <summary>The value of an hour that is over. Hours left out are not known.</summary>
    public void Add(long hour, double value)
    {
        if (hour < Next) return;
        for (var i = Math.Max(Next, hour - Codes.Length); i < hour; i++) Code(i) = LogScale.Nothing;
        Code(hour) = LogScale.Code(value, Unit);
        Next = hour + 1;
    }

    /// <summary>The most that an hour had which is older than a day; 0 where there is none.</summary>
    public double Most => Pooled().Most is > 0 and var octaves ? Unit * Math.Pow(2, octaves) : 0;

    /// <summary>What an hour to come should have, with what the hours beside it have: being an hour late is no anomaly. Null where too little is known.</summary>
    /// <param name="deviations">How many spreads more than the median are still usual.</param>
    public Expectation? Expected(long hour, double deviations)
    {
        Expectation? most = null;
        for (var at = hour - 1; at <= hour + 1; at++)
        {
            if (OfHour(at, hour, deviations) is { } expected && (most is not { } other || expected.Limit > other.Limit)) most = expected;
        }

        return most;
    }

    private Expectation? OfHour(long at, long now, double deviations)
    {
        var byWeek = Known(at, now, Week, Weeks);
        var byDay = byWeek.Count >= LeastWeeks ? byWeek : Known(at, now, 24, Days);
        if (byDay.Count < 2) return null;
        var (spread, most, above) = Pooled();
        var median = Statistics.Median(byDay);
        var limit = Math.Max(median + (deviations * spread), most + above);
        // What happened at this hour of an earlier week may be what always happens on this day.
        if (byWeek.Count is > 0 and < LeastWeeks) limit = Math.Max(limit, byWeek.Max() + (deviations * LeastSpreadOnce));
        return new(median == 0 ? 0 : Unit * Math.Pow(2, median), Unit * Math.Pow(2, limit), byDay.Count);
    }

    /// <summary>How far all hours lie from the median of their hour of the day (MAD), in octaves, and the largest that is older than a day: who sends a little more
    /// with each hour must not make it usual. Some hundred values say it more surely than the few of one hour. Hours that had nothing are left out.</summary>
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
        var (spread, above) = (Math.Clamp(wild, LeastSpread, MostSpread), residuals.Count < LeastHours ? MostAboveMost : Math.Clamp(wild, AboveMost, MostAboveMost));
        _pooled = (Next, spread, most, above);
        return (spread, most, above);
    }

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

    private ref byte Code(long hour) => ref Codes[hour % Codes.Length];
}

/// <summary>What is usual in an hour.</summary>
/// <param name="Median">In the unit of the values.</param>
/// <param name="Limit">More than this is not usual.</param>
/// <param name="Hours">From how many hours of earlier weeks or days this is known.</param>
internal readonly record struct Expectation(double Median, double Limit, int Hours);
