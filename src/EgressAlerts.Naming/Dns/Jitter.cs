namespace EgressAlerts.Naming.Dns;

/// <summary>Changes a time by up to a tenth, so that what was done together once is not done together again.</summary>
internal static class Jitter
{
    public static TimeSpan Apply(TimeSpan time) => time * (0.9 + (Random.Shared.NextDouble() * 0.2));
}
