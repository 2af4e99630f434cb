using EgressAlerts.Model;
using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling;

public sealed class JobRegisterTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_job_is_settled_once_it_was_there_a_whole_window_before_the_one_in_question()
    {
        var jobs = new JobRegister();
        jobs.Saw("envoy", Start);
        Assert.False(jobs.IsSettled("envoy", Window(0)));
        Assert.False(jobs.IsSettled("envoy", Window(0.5)));
        Assert.True(jobs.IsSettled("envoy", Window(1)));
        Assert.False(jobs.IsSettled("other", Window(9)));
    }

    [Fact]
    public void An_earlier_sight_counts_and_a_later_one_changes_nothing()
    {
        var jobs = new JobRegister();
        jobs.Saw("envoy", Start);
        jobs.Saw("envoy", Start.AddHours(1));
        Assert.True(jobs.IsSettled("envoy", Window(1)));
        jobs.Saw("envoy", Start.AddHours(-1));
        Assert.True(jobs.IsSettled("envoy", Window(0)));
    }

    private static Window Window(double after) => new(Start.AddSeconds(after * 30), Start.AddSeconds((after + 1) * 30));
}
