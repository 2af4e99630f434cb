namespace EgressAlerts.Cardinality;

/// <summary>An amount of which half counts an hour later. It does not change while nothing is added, so nothing has to be written as time goes on.</summary>
/// <param name="Amount">As of the hour.</param>
/// <param name="Hour">Hours since 1970.</param>
internal readonly record struct Fading(double Amount, long Hour)
{
    public double At(long hour) => Math.ScaleB(Amount, (int)Math.Max(Hour - hour, int.MinValue));

    public Fading Plus(double amount, long hour) => new(At(hour) + amount, hour);

    public static long HourOf(DateTimeOffset at) => at.UtcTicks / TimeSpan.TicksPerHour;
}
