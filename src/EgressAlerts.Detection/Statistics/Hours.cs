namespace EgressAlerts.Detection;

/// <summary>Hours, counted from an epoch.</summary>
internal static class Hours
{
    public const long None = -1;

    /// <summary>The hour inside which, or with which, a window ends.</summary>
    public static long Of(DateTimeOffset windowEnd) => (windowEnd.UtcTicks - 1) / TimeSpan.TicksPerHour;

    /// <summary>When an hour ends.</summary>
    public static DateTimeOffset End(long hour) => new((hour + 1) * TimeSpan.TicksPerHour, TimeSpan.Zero);
}
