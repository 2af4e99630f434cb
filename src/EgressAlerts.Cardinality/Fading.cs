namespace EgressAlerts.Cardinality;

/// <summary>An amount that halves every hour: 8 MiB are worth 4 MiB an hour later and 1 MiB after three hours. While nothing is added, the value stays the
/// same, so nothing has to be written to the database.</summary>
/// <param name="Amount">The amount as of <paramref name="Hour"/>.</param>
/// <param name="Hour">Hours since 1970.</param>
internal readonly record struct Fading(double Amount, long Hour)
{
    public double At(long hour) => Math.ScaleB(Amount, (int)Math.Max(Hour - hour, int.MinValue));

    public Fading Plus(double amount, long hour) => new(At(hour) + amount, hour);

    public static long HourOf(DateTimeOffset at) => at.UtcTicks / TimeSpan.TicksPerHour;
}
