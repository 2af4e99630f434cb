namespace EgressAlerts.Naming.Dns;

/// <summary>Plus or minus a tenth, so that what was done together is not done together again.</summary>
internal static class Jitter
{
    public static TimeSpan Of(TimeSpan time) => time * (0.9 + (Random.Shared.NextDouble() * 0.2));
}
