using System.Text.Json.Serialization;

namespace EgressAlerts.Detection;

/// <summary>Finds what drips: the excess of each day over what is usual for a day adds up until it is too much (CUSUM).</summary>
/// <remarks>What is usual for a day is the largest of
/// <c>median + 3 × max(spread, median / 10)</c> of up to 28 days, where the spread is 1.4826 times the median distance from the median (MAD);
/// the largest of these days, because jobs move (four times it, while fewer than seven days had anything); and
/// <c>1.5 ×</c> the same day of an earlier week or one beside it.
/// <c>excess = max(0, excess of the days before + today - usual)</c>. It is too much above <c>max(floor, median)</c>.</remarks>
/// <example>A workload sends 100 MiB a day, and never more than 130 MiB. The floor is 200 MiB. From Monday it sends 220 MiB a day: 90 MiB more than usual.
/// The excess is 90 MiB on Monday, 180 MiB on Tuesday, and 270 MiB on Wednesday, which is too much.</example>
internal sealed class DailySums
{
    private const int Remembered = 28;
    private const int LeastDays = 7;
    private const double OnThatWeekday = 1.5;
    private const double OfFewDays = 4;
    private const float Nothing = -1;

    /// <summary>The last answer of <see cref="Usual"/>. Each window of a day asks the same.</summary>
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

    /// <summary>The excess of the days that are over.</summary>
    public double Carried { get; set; }

    /// <summary>The first day of that excess.</summary>
    public long CarriedSince { get; set; }

    /// <summary>What is learned of this day instead of its value, because that was too much.</summary>
    public float? Instead { get; set; }

    /// <summary>The excess with this day, above what it is too much, and what is usual for a day; null while fewer than seven days are known.</summary>
    /// <param name="floor">Less than this is never too much.</param>
    public (double Excess, double Limit, double Allowance)? Excess(long day, double today, double floor)
    {
        if (Usual(day) is not { } usual) return null;
        return (Carried + Math.Max(0, today - usual.Allowance), Math.Max(floor, usual.Median), usual.Allowance);
    }

    /// <summary>It is too much. This day, and those over which the excess added up, are learned as the median, so that it never becomes usual.</summary>
    public void Flag(long day)
    {
        if (Instead is not null || Usual(day) is not { } usual) return;
        (Instead, _asked) = ((float)usual.Median, null);
        if (Carried == 0) return;
        for (var i = Math.Max(CarriedSince, Next - Remembered); i < Next; i++) Days[i % Remembered] = Math.Min(Days[i % Remembered], Instead.Value);
    }

    public void CloseDay(long day, double value, double floor)
    {
        if (day < Next) return;
        if (Usual(day) is { } usual)
        {
            // No more than the limit is carried over, so that the excess of a day long ago does not last for ever.
            if (Carried == 0) CarriedSince = day;
            Carried = Math.Clamp(Carried + value - usual.Allowance, 0, Math.Max(floor, usual.Median));
        }

        for (var i = Math.Max(Next, day - Remembered); i < day; i++) Days[i % Remembered] = Nothing;
        Days[day % Remembered] = Instead ?? (float)value;
        (Next, Instead, _asked) = (day + 1, null, null);
    }

    private (double Median, double Allowance)? Usual(long day)
    {
        if (_asked?.Day != day) _asked = (day, FindUsual(day));
        return _asked.Value.Usual;
    }

    private (double Median, double Allowance)? FindUsual(long day)
    {
        // Days whose excess still adds up do not count as single ones: a drip would raise its own allowance.
        var settled = Carried > 0 ? Math.Min(CarriedSince, Next) : Next;
        var (known, largest, onThatWeekday) = (new List<double>(Remembered), 0.0, 0.0);
        for (var ago = 1; ago <= Remembered; ago++)
        {
            if (day - ago >= Next || Days[(day - ago) % Remembered] is not (var sum and not Nothing)) continue;
            known.Add(sum);
            if (day - ago >= settled) continue;
            largest = Math.Max(largest, sum);
            // What runs on a day of the week may run a day earlier or later, also because a clock has changed.
            if (ago > 1 && ago % 7 is 6 or 0 or 1) onThatWeekday = Math.Max(onThatWeekday, sum);
        }

        if (known.Count < LeastDays) return null;
        var median = Statistics.Median(known);
        var allowance = median + (3 * Math.Max(Statistics.Spread(known, median), median / 10));
        largest *= known.Count(sum => sum > 0) < LeastDays ? OfFewDays : 1;
        return (median, Math.Max(allowance, Math.Max(largest, OnThatWeekday * onThatWeekday)));
    }
}
