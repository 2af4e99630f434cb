using EgressAlerts.Model;
using EgressAlerts.Polling;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Polling;

public sealed class CounterTrackerTests
{
    private static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch.AddYears(50);
    private static readonly byte[] Labels = """{"a":"b"}"""u8.ToArray();
    private static readonly Classified What = Classified.Out(RawMetric.All[0], "test", "job");

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

    /// <summary>Prometheus refuses such samples, other servers store them: sorted by time they would look like a restart.</summary>
    [Fact]
    public void After_a_clock_stepped_back_counting_goes_on_with_the_first_sample_that_is_later_than_all_before()
    {
        var tracker = new CounterTracker();
        Window(tracker, 1, (10, 1), (25, 5));
        Assert.Equal([], Window(tracker, 2, (10, 1), (14, 6), (24, 7), (25, 5)));
        Assert.Equal([(4.0, false)], Window(tracker, 2, (14, 6), (24, 7), (25, 5), (34, 8), (44, 9)));
    }

    [Fact]
    public void A_series_that_the_server_sends_twice_counts_once()
    {
        var tracker = new CounterTracker();
        Window(tracker, 1, (10, 5));
        tracker.Begin(WindowAt(2));
        Observe(tracker, (40, 8));
        Observe(tracker, (40, 8));
        Assert.Equal([(3.0, false)], Committed(tracker));
    }

    [Fact]
    public void A_sample_from_after_the_windows_end_belongs_to_a_later_window()
    {
        var tracker = new CounterTracker();
        Assert.Equal([(5.0, true)], Window(tracker, 1, (10, 5), (31, 7)));
        Assert.Equal([(2.0, false)], Window(tracker, 2, (10, 5), (31, 7)));
    }

    [Fact]
    public void A_window_that_failed_leaves_no_trace_and_neither_does_a_repeated_query()
    {
        var tracker = new CounterTracker();
        tracker.Begin(WindowAt(1));
        Observe(tracker, (10, 5));
        Assert.Equal([], Window(tracker, 1));
        Assert.Equal(0, tracker.Count);
        Assert.Empty(tracker.Classes);

        tracker.Begin(WindowAt(1));
        tracker.BeginQuery();
        Observe(tracker, (5, 100), (10, 5));
        tracker.RestartQuery();
        Observe(tracker, (10, 5));
        Assert.Equal([(5.0, true)], Committed(tracker));
        Assert.Equal([(What, 1)], tracker.Classes);
    }

    [Fact]
    public void A_series_is_forgotten_after_a_day_without_samples_and_counts_as_new_should_it_come_back()
    {
        var tracker = new CounterTracker();
        Window(tracker, 1, (10, 5));
        var day = (int)CounterTracker.Memory.TotalSeconds / 30;
        Assert.Equal([(1.0, false)], Window(tracker, day, (day * 30 - 3, 6)));
        Assert.Equal([(7.0, true)], Window(tracker, (2 * day) + 1, (((2 * day) + 1) * 30, 7)));
        Window(tracker, (4 * day) + 1);
        Assert.Equal(0, tracker.Count);
        Assert.Empty(tracker.Classes);
    }

    [Fact]
    public void What_is_to_be_classified_anew_keeps_its_count()
    {
        var tracker = new CounterTracker();
        Window(tracker, 1, (10, 5));
        tracker.Declassify();
        Assert.Empty(tracker.Classes);
        Assert.Equal([(2.0, false)], Window(tracker, 2, (40, 7)));
    }

    private static List<(double Amount, bool IsNew)> Window(CounterTracker tracker, int number, params (int Seconds, double Value)[] samples)
    {
        tracker.Begin(WindowAt(number));
        if (samples.Length > 0) Observe(tracker, samples);
        return Committed(tracker);
    }

    private static void Observe(CounterTracker tracker, params (int Seconds, double Value)[] samples) => Observe(
        tracker, Labels, [.. samples.Select(sample => new Sample(Epoch.AddSeconds(sample.Seconds).ToUnixTimeMilliseconds(), sample.Value))]);

    private static void Observe(CounterTracker tracker, byte[] labels, Sample[] samples)
    {
        var slot = tracker.Slot(labels, out _, out var isClassified);
        if (!isClassified) tracker.Classify(slot, What);
        tracker.Observe(slot, samples);
    }

    private static List<(double Amount, bool IsNew)> Committed(CounterTracker tracker) =>
        [.. tracker.Commit().Select(growth => growth.Born > 0 ? (growth.Born, true) : (growth.Grown, false))];

    private static Window WindowAt(int number) => new(Epoch.AddSeconds((number - 1) * 30), Epoch.AddSeconds(number * 30));
}
