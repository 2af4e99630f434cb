namespace EgressAlerts.Exam.Traffic;

/// <summary>Instants are seconds since 1970 in UTC. The judged fortnight holds Europe's clock change, a month's end and beginning, and Good Friday.</summary>
internal static class Time
{
    public const long Minute = 60;
    public const long Hour = 3_600;
    public const long Day = 86_400;

    /// <summary>What streams are played in: every window is a multiple of it.</summary>
    public const long Step = 30;

    public const int JudgedDays = 14;

    /// <summary>A Monday.</summary>
    public static readonly long JudgedFrom = Unix(2026, 3, 23);

    public static readonly long End = JudgedFrom + (JudgedDays * Day);

    public static long Unix(int year, int month, int day) => new DateTimeOffset(year, month, day, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();
}
