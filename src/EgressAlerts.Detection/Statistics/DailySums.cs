using System.Text.Json.Serialization;

namespace EgressAlerts.Detection;

/// <summary>Finds what drips: the excess of each day over what is usual for a day adds up (CUSUM), until it is too much. Learns nothing from days that were.</summary>
/// <remarks>Usual for a day is the median of up to 28 days and three spreads (MAD, at least a tenth of the median), or what the largest
/// day had, or half more than the same day of an earlier week, or one beside it, had once.</remarks>
internal sealed class DailySums
{
    private const int Remembered = 28;
    private const int LeastDays = 7;

    /// <summary>So many times what a day of an earlier week had is usual on this one.</summary>
    private const double OnThatDay = 1.5;

    /// <summary>Of fewer days that had anything nobody knows how much they differ: so many times the largest is usual.</summary>
    private const double OfFewDays = 4;
    private const float Nothing = -1;

    private (long Day, (double Median, double Allowance)? Usual)? _asked;

    [JsonConstructor]
    public DailySums() => Array.Fill(Days, Nothing);

    /// <param name="day">The first day to come, counted from the epoch.</param>
    /// <param name="empty">So many days before it had nothing in them.</param>
    public DailySums(long day, int empty)
        : this()
    {
        Next = day;
        for (var i = 1; i <= Math.Min(empty, Remembered); i++) Days[(day - i) % Remembered] = 0;
    }

    /// <summary>One for each day, -1 where it is not known. The place of a day is its number modulo their count.</summary>
    public float[] Days
    {
        get;
        init => field = value is { Length: Remembered } ? value : throw new FormatException($"{Remembered} days are needed");
    } = new float[Remembered];

    /// <summary>The first day to come.</summary>
    public long Next { get; set; }

    /// <summary>How much more than usual has added up with the days that are over.</summary>
    public double Carried { get; set; }

    /// <summary>The first day of those.</summary>
    public long CarriedSince { get; set; }

    /// <summary>What is learned of this day in place of its value, because that was too much.</summary>
    public float? Instead { get; set; }

    /// <summary>Single days before this one say what is usual. Those whose excess still adds up do not: a drip would raise its own allowance.</summary>
    private long Settled => Carried > 0 ? Math.Min(CarriedSince, Next) : Next;

    /// <summary>How much more than usual has added up with this day, and how much of it is too much; null while too little is known.</summary>
    /// <param name="floor">Less than this is never too much.</param>
    public (double Excess, double Limit, double Allowance)? Excess(long day, double today, double floor)
    {
        if (Usual(day) is not { } usual) return null;
        return (Carried + Math.Max(0, today - usual.Allowance), Math.Max(floor, usual.Median), usual.Allowance);
    }

    /// <summary>It is too much. This day, and those over which it added up, count as usual ones: however long it goes on, it does not become usual.</summary>
    public void Flag(long day)
    {
        if (Instead is not null || Usual(day) is not { } usual) return;
        (Instead, _asked) = ((float)usual.Median, null);
        for (var i = Math.Max(CarriedSince, Next - Remembered); Carried > 0 && i < Next; i++) Days[i % Remembered] = Math.Min(Days[i % Remembered], Instead.Value);
    }

    /// <summary>A day is over.</summary>
    public void Turn(long day, double value, double floor)
    {
        if (day < Next) return;
        if (Usual(day) is { } usual)
        {
            var limit = Math.Max(floor, usual.Median);
            // No more than the limit is carried over, so that the excess of a day long ago does not last for ever.
            if (Carried == 0) CarriedSince = day;
            Carried = Math.Clamp(Carried + value - usual.Allowance, 0, limit);
        }

        for (var i = Math.Max(Next, day - Remembered); i < day; i++) Days[i % Remembered] = Nothing;
        Days[day % Remembered] = Instead ?? (float)value;
        (Next, Instead, _asked) = (day + 1, null, null);
    }

    /// <summary>Asked in each window, the same all day.</summary>
    private (double Median, double Allowance)? Usual(long day)
    {
        if (_asked?.Day != day) _asked = (day, UsualOf(day));
        return _asked.Value.Usual;
    }

    /// <summary>Jobs move: what one day had is usual on any.</summary>
    private double Largest(long day)
    {
        var largest = 0.0;
        for (var i = 1; i <= Remembered; i++)
        {
            if (day - i < Settled) largest = Math.Max(largest, Days[(day - i) % Remembered]);
        }

        return largest;
    }

    private (double Median, double Allowance)? UsualOf(long day)
    {
        var known = new List<double>(Remembered);
        for (var i = 1; i <= Remembered; i++)
        {
            if (day - i < Next && Days[(day - i) % Remembered] is var sum and not Nothing) known.Add(sum);
        }

        if (known.Count < LeastDays) return null;
        var median = Statistics.Median(known);
        var allowance = median + (3 * Math.Max(Statistics.Spread(known, median), median / 10));
        allowance = Math.Max(allowance, Largest(day) * (known.Count(sum => sum > 0) < LeastDays ? OfFewDays : 1));
        // What runs on a day of the week may run a day earlier or later, also because a clock has changed.
        for (var week = 7; week <= Remembered; week += 7)
        {
            for (var i = week - 1; i <= Math.Min(week + 1, Remembered); i++)
            {
                if (day - i < Settled) allowance = Math.Max(allowance, Days[(day - i) % Remembered] * OnThatDay);
            }
        }

        return (median, allowance);
    }
}
