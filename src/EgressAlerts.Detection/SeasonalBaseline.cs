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

    /// <summary>No hour is taken for steadier than this, in octaves; by the day, as long as the week is not known, it is less certain what is usual.</summary>
    private const double LeastSpreadByWeek = 0.5;
    private const double LeastSpreadByDay = 0.75;

    /// <summary>One value is no measure of spread; if it was the first of an attack, it must not hide the next.</summary>
    private const double LeastSpreadOnce = 0.25;

    /// <summary>Whatever it does, 32 times the median (at five spreads) is not usual for anybody.</summary>
    private const double MostSpread = 1;

    /// <summary>The MAD of fewer values says nothing.</summary>
    private const int LeastWeeks = 3;

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
        if (byWeek.Count >= LeastWeeks) return Of(byWeek, deviations, LeastSpreadByWeek);
        var byDay = Known(at, now, 24, Days);
        if (byDay.Count < 2) return null;
        var expected = Of(byDay, deviations, LeastSpreadByDay);
        // What happened at this hour of an earlier week may be what always happens on this day.
        return byWeek.Count > 0 && Of([byWeek.Max()], deviations, LeastSpreadOnce) is var once && once.Limit > expected.Limit ? once : expected;
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

    private Expectation Of(List<double> octaves, double deviations, double leastSpread)
    {
        var median = Statistics.Median(octaves);
        var spread = Math.Clamp(Statistics.Spread(octaves, median), leastSpread, MostSpread);
        return new(median == 0 ? 0 : Unit * Math.Pow(2, median), Unit * Math.Pow(2, median + (deviations * spread)), octaves.Count);
    }

    private ref byte Code(long hour) => ref Codes[hour % Codes.Length];
}

/// <summary>What is usual in an hour.</summary>
/// <param name="Median">In the unit of the values.</param>
/// <param name="Limit">More than this is not usual.</param>
/// <param name="Hours">From how many hours of earlier weeks or days this is known.</param>
internal readonly record struct Expectation(double Median, double Limit, int Hours);
