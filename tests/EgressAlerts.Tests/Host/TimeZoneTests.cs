namespace EgressAlerts.Tests.Host;

public sealed class TimeZoneTests
{
    /// <summary>Without the system's time zone data the runtime would take every zone for UTC, and tests in other zones would show nothing.</summary>
    [Fact]
    public void The_zone_that_TZ_names_is_the_zone_in_which_the_tests_run()
    {
        var zone = Environment.GetEnvironmentVariable("TZ") is { Length: > 0 } name ? name : TimeZoneInfo.Local.Id;
        Assert.Equal((zone, TimeZoneInfo.FindSystemTimeZoneById(zone).BaseUtcOffset), (TimeZoneInfo.Local.Id, TimeZoneInfo.Local.BaseUtcOffset));
    }
}
