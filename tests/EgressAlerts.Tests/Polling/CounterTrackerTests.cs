using EgressAlerts.Model;
using EgressAlerts.Polling;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Polling;

public sealed class CounterTrackerTests
{
    private static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch.AddYears(50);
    private static readonly Classified What = new(Metric.Requests, null, "", "", "test", "job");
    private static readonly SeriesId Id = new(1, 2);

    [Fact]
    public void A_series_never_seen_before_counts_in_full() => Assert.Equal([(5.0, true)], Window(new CounterTracker(), 1, (10, 5)));

    [Fact]
    public void Growth_counts_by_its_difference_to_the_last_sample_seen()
    {
        var tracker = new CounterTracker();
        Window(tracker, 1, (10, 5));
        Assert.Equal([(7.0, false)], Window(tracker, 2, (10, 5), (40, 8), (50, 12)));
        Assert.Equal([], Window(tracker, 3, (50, 12), (70, 12)));
    }

    [Fact]
    public void A_counter_that_fell_restarted_from_zero_also_twice_in_one_window()
    {
        var tracker = new CounterTracker();
        Window(tracker, 1, (10, 100));
        Assert.Equal([(3.0 + 2 + 4 + 1, false)], Window(tracker, 2, (31, 103), (35, 2), (40, 6), (45, 1)));
    }

    [Fact]
    public void A_series_that_dies_inside_the_window_counts_its_last_scrape_and_closes_its_gap_when_it_comes_back()
    {
        var tracker = new CounterTracker();
        Window(tracker, 1, (10, 1));
        Assert.Equal([(4.0, false)], Window(tracker, 2, (35, 5)));
        Assert.Equal([], Window(tracker, 3));
        Assert.Equal([], Window(tracker, 4));
        Assert.Equal([(2.0, false)], Window(tracker, 5, (140, 7)));
    }

    [Fact]
    public void A_sample_that_was_appended_late_counts_once()
    {
        var tracker = new CounterTracker();
        Window(tracker, 1, (10, 1));
        Assert.Equal([(1.0, false)], Window(tracker, 3, (29, 2)));
        Assert.Equal([], Window(tracker, 4, (29, 2)));
    }

    [Fact]
    public void What_is_no_count_is_passed_over()
    {
        var tracker = new CounterTracker();
        Window(tracker, 1, (10, 1));
        Assert.Equal([(2.0, false)], Window(tracker, 2, (35, double.NaN), (40, double.PositiveInfinity), (45, -3), (50, 3)));
    }

    [Fact]
    public void A_window_that_failed_leaves_no_trace_and_neither_does_a_repeated_query()
    {
        var tracker = new CounterTracker();
        Observe(tracker, (10, 5));
        tracker.Discard();
        Assert.Equal([], tracker.Commit(WindowAt(1)));

        tracker.BeginQuery();
        Observe(tracker, (10, 5));
        tracker.RestartQuery();
        Observe(tracker, (10, 5));
        Assert.Equal([(5.0, true)], tracker.Commit(WindowAt(1)).Select(grown => (grown.Amount, grown.IsNew)));
    }

    [Fact]
    public void A_series_is_forgotten_after_a_day_without_samples()
    {
        var tracker = new CounterTracker();
        Window(tracker, 1, (10, 5));
        var later = 1 + ((int)CounterTracker.Memory.TotalSeconds / 30) + 1;
        Window(tracker, later);
        Assert.Equal(0, tracker.Count);
    }

    /// <summary>Any history of growth and restarts, read in any windows, with a save and a load in between, sums to what a plain loop over all samples says.</summary>
    [Fact]
    public void Windows_sum_to_what_a_plain_loop_says_wherever_they_are_cut()
    {
        var step = from gap in Gen.Choose(1, 40) from growth in Gen.Choose(0, 20) from chance in Gen.Choose(0, 9) select (gap, growth, chance);
        Prop.ForAll(step.ArrayOf().ToArbitrary(), history =>
        {
            var samples = new List<Sample>();
            var (time, value) = (0L, 0.0);
            foreach (var (gap, growth, chance) in history)
            {
                time += gap * 1000L;
                value = chance == 0 ? growth : value + growth;
                samples.Add(new(time, value));
            }

            var expected = 0.0;
            var last = 0.0;
            foreach (var sample in samples)
            {
                expected += sample.Value < last ? sample.Value : sample.Value - last;
                last = sample.Value;
            }

            var (tracker, counted) = (new CounterTracker(), 0.0);
            for (var end = 30_000L; end <= time + 30_000; end += 30_000)
            {
                var seen = samples.Where(sample => sample.Milliseconds > end - 60_000 && sample.Milliseconds <= end).ToArray();
                if (seen.Length > 0) tracker.Observe(Id, What, seen);
                counted += tracker.Commit(WindowAt((int)(end / 30_000))).Sum(grown => grown.Amount);
                tracker = Copy(tracker);
            }

            return counted == expected;
        }).QuickCheckThrowOnFailure();
    }

    private static CounterTracker Copy(CounterTracker tracker)
    {
        using var state = new MemoryStream();
        tracker.Save(new BinaryWriter(state));
        state.Position = 0;
        var copy = new CounterTracker();
        copy.Load(new BinaryReader(state));
        return copy;
    }

    private static List<(double Amount, bool IsNew)> Window(CounterTracker tracker, int number, params (int Seconds, double Value)[] samples)
    {
        Observe(tracker, samples);
        return [.. tracker.Commit(WindowAt(number)).Select(grown => (grown.Amount, grown.IsNew))];
    }

    private static void Observe(CounterTracker tracker, params (int Seconds, double Value)[] samples)
    {
        if (samples.Length > 0) tracker.Observe(Id, What, [.. samples.Select(sample => new Sample(sample.Seconds * 1000L, sample.Value))]);
    }

    private static Window WindowAt(int number) => new(Epoch.AddSeconds((number - 1) * 30), Epoch.AddSeconds(number * 30));
}
