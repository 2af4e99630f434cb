namespace EgressAlerts.Detection;

/// <summary>Numbers of hours. The first hour of the year 1 has the number 0; comments call it the epoch.</summary>
internal static class Hours
{
    public const long None = -1;

    /// <summary>The hour in which a window lies. A window that ends at 10:00 lies in the hour from 9 to 10.</summary>
    public static long Of(DateTimeOffset windowEnd) => (windowEnd.UtcTicks - 1) / TimeSpan.TicksPerHour;

    /// <summary>When an hour ends.</summary>
    public static DateTimeOffset End(long hour) => new((hour + 1) * TimeSpan.TicksPerHour, TimeSpan.Zero);
}
