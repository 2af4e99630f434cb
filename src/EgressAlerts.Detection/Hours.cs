namespace EgressAlerts.Detection;

/// <summary>Hours, counted from an epoch.</summary>
internal static class Hours
{
    public const long None = -1;

    /// <summary>The hour inside which, or with which, a window ends.</summary>
    public static long Of(DateTimeOffset windowEnd) => (windowEnd.UtcTicks - 1) / TimeSpan.TicksPerHour;
}
