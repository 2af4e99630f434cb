namespace EgressAlerts.Tests.Host;

public sealed class WindowScheduleTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly WindowSchedule Schedule = new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(10), TimeSpan.FromHours(1));

    [Fact]
    public void The_first_window_is_the_newest_that_is_due_and_ends_at_a_multiple_of_the_interval()
    {
        var (window, skipped) = Schedule.Next(default, Noon.AddSeconds(39));
        Assert.Equal((Noon.AddSeconds(-30), Noon, 0), (window.Start, window.End, skipped));
        Assert.Equal(Noon.AddSeconds(30), Schedule.Next(default, Noon.AddSeconds(40)).Window.End);
    }

    [Fact]
    public void Windows_follow_each_other_without_gap_also_after_downtime()
    {
        var end = Noon;
        for (var i = 1; i <= 100; i++)
        {
            var (window, skipped) = Schedule.Next(end, Noon.AddMinutes(50));
            Assert.Equal((end, Noon.AddSeconds(30 * i), 0), (window.Start, window.End, skipped));
            end = window.End;
        }
    }

    [Fact]
    public void A_window_is_due_its_delay_after_its_end()
    {
        var window = Schedule.Next(Noon, Noon).Window;
        Assert.Equal(TimeSpan.FromSeconds(40), Schedule.UntilDue(window, Noon));
        Assert.True(Schedule.UntilDue(window, Noon.AddSeconds(41)) < TimeSpan.Zero);
    }

    [Fact]
    public void What_lies_too_far_back_is_skipped_and_counted()
    {
        var (window, skipped) = Schedule.Next(Noon, Noon.AddHours(3).AddSeconds(10));
        Assert.Equal((Noon.AddHours(2).AddSeconds(-30), Noon.AddHours(2), 239), (window.Start, window.End, skipped));
    }

    [Fact]
    public void A_new_interval_begins_at_its_next_multiple()
    {
        var longer = Schedule with { Interval = TimeSpan.FromMinutes(5) };
        var (window, _) = longer.Next(Noon.AddSeconds(30), Noon.AddMinutes(6));
        Assert.Equal((Noon.AddSeconds(30), Noon.AddMinutes(5)), (window.Start, window.End));
    }

    [Fact]
    public void A_clock_that_stepped_back_makes_the_next_window_wait()
    {
        var window = Schedule.Next(Noon, Noon.AddMinutes(-5)).Window;
        Assert.Equal((Noon, TimeSpan.FromSeconds(340)), (window.Start, Schedule.UntilDue(window, Noon.AddMinutes(-5))));
    }

    [Fact]
    public void A_window_that_ends_in_the_future_was_read_by_a_clock_that_was_ahead()
    {
        var now = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        Assert.False(WindowSchedule.IsAhead(now, now));
        Assert.False(WindowSchedule.IsAhead(default, now));
        Assert.True(WindowSchedule.IsAhead(now.AddMinutes(1), now));
    }
}
