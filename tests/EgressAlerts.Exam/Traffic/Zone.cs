namespace EgressAlerts.Exam.Traffic;

/// <summary>A time zone with the rules of 2026 written out, so that the machine's own time zones play no part.</summary>
/// <param name="Standard">Seconds that local time is ahead of UTC in winter.</param>
/// <param name="SummerFrom">When clocks go forward by an hour; <see cref="long.MaxValue"/> where they never do.</param>
/// <param name="Holidays">Days since 1970 on which people work as on a Sunday.</param>
internal sealed record Zone(string Name, long Standard, long SummerFrom, IReadOnlyList<long> Holidays)
{
    private const long Day = 86_400;

    private static readonly long GoodFriday = Time.Unix(2026, 4, 3) / Day;

    public static IReadOnlyList<Zone> All { get; } =
    [
        new("Europe/Berlin", 3_600, Time.Unix(2026, 3, 29) + 3_600, [GoodFriday, GoodFriday + 3]),
        new("America/New_York", -5 * 3_600, Time.Unix(2026, 3, 8) + (7 * 3_600), [GoodFriday]),
        new("Asia/Kolkata", 19_800, long.MaxValue, [GoodFriday]),
    ];

    /// <summary>Local time as seconds since 1970 on the wall clock.</summary>
    public long Local(long at) => at + Standard + (at >= SummerFrom ? 3_600 : 0);

    /// <summary>Hours and fractions since local midnight.</summary>
    public double Hour(long at) => Local(at) % Day / 3_600.0;

    /// <summary>Whether people rest: at weekends and on holidays.</summary>
    public bool IsRest(long at)
    {
        var day = Local(at) / Day;
        // 1 January 1970 was a Thursday.
        return (day + 3) % 7 >= 5 || Holidays.Contains(day);
    }

    /// <summary>The next instant after <paramref name="at"/> at which the wall clock shows this hour.</summary>
    public long NextAt(long at, double hour)
    {
        var wanted = (Local(at) / Day * Day) + (long)(hour * 3_600);
        while (true)
        {
            var instant = wanted - Standard;
            if (instant >= SummerFrom) instant -= 3_600;
            if (instant > at) return instant;
            wanted += Day;
        }
    }

    public DateTimeOffset Date(long at) => DateTimeOffset.FromUnixTimeSeconds(Local(at));
}
