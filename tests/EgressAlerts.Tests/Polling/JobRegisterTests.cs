using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;

namespace EgressAlerts.Tests.Polling;

public sealed class JobRegisterTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly JobRegister _jobs = new(Store.InMemory().Read());

    [Fact]
    public void A_job_is_settled_once_it_was_there_a_whole_window_before_the_one_in_question()
    {
        _jobs.Saw("envoy", Start);
        Assert.False(_jobs.IsSettled("envoy", Window(0)));
        Assert.False(_jobs.IsSettled("envoy", Window(0.5)));
        Assert.True(_jobs.IsSettled("envoy", Window(1)));
        Assert.False(_jobs.IsSettled("other", Window(9)));
    }

    [Fact]
    public void A_job_that_only_has_a_number_is_not_settled()
    {
        _jobs.Number("envoy");
        Assert.False(_jobs.IsSettled("envoy", Window(9)));
    }

    [Fact]
    public void An_earlier_sight_counts_and_a_later_one_changes_nothing()
    {
        _jobs.Saw("envoy", Start);
        _jobs.Saw("envoy", Start.AddHours(1));
        Assert.True(_jobs.IsSettled("envoy", Window(1)));
        _jobs.Saw("envoy", Start.AddHours(-1));
        Assert.True(_jobs.IsSettled("envoy", Window(0)));
    }

    [Fact]
    public void The_scrape_interval_is_what_most_series_have()
    {
        var job = _jobs.Number("envoy");
        Assert.Equal(0, _jobs.Interval(job));
        foreach (var vote in (long[])[15_000, 15_003, 7_000, 14_990, 30_000, 15_000]) _jobs.Vote(job, vote);
        Assert.InRange(_jobs.Interval(job), 14_980, 15_010);
    }

    [Fact]
    public void Only_time_in_which_the_job_had_samples_makes_its_counters_old()
    {
        var job = _jobs.Number("envoy");
        uint window = 1;
        for (; window < 24 * 7; window++) _jobs.WasActive(job, window, TimeSpan.FromHours(1));
        Assert.Equal(0u, _jobs.ForgetBefore(job));
        window += 5000; // A long time without samples.
        Assert.Equal(0u, _jobs.ForgetBefore(job));
        for (var hour = 0; hour < 24; hour++) _jobs.WasActive(job, ++window, TimeSpan.FromHours(1));
        Assert.InRange(_jobs.ForgetBefore(job), 1u, 48u);
    }

    [Fact]
    public void Whatever_changes_of_a_job_is_kept()
    {
        var store = Store.InMemory();
        var state = store.Read();
        var jobs = new JobRegister(state);
        var number = jobs.Number("envoy");
        Action[] changes =
        [
            () => jobs.Saw("envoy", Start),
            () => jobs.Saw("envoy", Start.AddHours(-1)),
            () => jobs.Vote(number, 15_000),
            () => jobs.WasActive(number, 1, TimeSpan.FromHours(1)),
        ];
        foreach (var change in changes)
        {
            state.Commit();
            change();
            state.Commit();
            Assert.Empty(state.Stale());
        }

        Assert.True(new JobRegister(store.Read()).IsSettled("envoy", Window(0)));
    }

    private static Window Window(double after) => new(Start.AddSeconds(after * 30), Start.AddSeconds((after + 1) * 30));
}
