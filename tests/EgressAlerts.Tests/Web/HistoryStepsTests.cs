using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

public sealed class HistoryStepsTests
{
    [Theory]
    [InlineData(24 * 3600, 30, 30, 3600)]
    [InlineData(3600, 30, 30, 300)]
    [InlineData(900, 30, 5, 60)]
    [InlineData(900, 30, 1, 30)]
    [InlineData(400 * 86400, 30, 30, 7 * 86400)]
    public void A_step_holds_ten_windows_and_there_are_not_too_many(int length, int most, int interval, int step) =>
        Assert.Equal(TimeSpan.FromSeconds(step), HistorySteps.For(TimeSpan.FromSeconds(length), most, TimeSpan.FromSeconds(interval)));

    [Fact]
    public void The_step_that_is_not_over_is_the_last_one()
    {
        var at = new DateTimeOffset(2026, 1, 1, 10, 7, 0, TimeSpan.Zero);
        Assert.Equal(at.AddMinutes(3), HistorySteps.EndOfStep(at, TimeSpan.FromMinutes(5)));
        Assert.Equal(at.AddMinutes(53), HistorySteps.EndOfStep(at, TimeSpan.FromHours(1)));
    }
}
