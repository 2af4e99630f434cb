using System.Text;
using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling;

public sealed class CounterTrackerTests
{
    private static readonly string Old = TrackedMesh.Labels(("job", "envoy"), ("instance", "10.0.0.1:15090"), ("version", "1"), ("to", "x"));
    private static readonly string Relabelled = TrackedMesh.Labels(("job", "envoy"), ("instance", "10.0.0.1:15090"), ("version", "2"), ("to", "x"));
    private static readonly string OtherJob = TrackedMesh.Labels(("job", "pods"), ("instance", "10.0.0.1:15020"), ("to", "x"));

    private readonly TrackedMesh _mesh = new();

    [Fact]
    public void A_counter_never_seen_before_counts_in_full_and_is_told_as_born()
    {
        _mesh.Begin(1);
        _mesh.Observe(Old, (10, 5));
        Assert.Equal([(0.0, 5.0)], _mesh.Tracker.Commit().Select(growth => (growth.Grown, growth.Born)));
    }

    [Fact]
    public void Growth_counts_by_its_difference_to_what_was_counted()
    {
        Assert.Equal(5, Old_(1, (10, 5)));
        Assert.Equal(7, Old_(2, (10, 5), (40, 8), (50, 12)));
        Assert.Equal(0, Old_(3, (10, 5), (40, 8), (50, 12), (70, 12)));
    }

    [Fact]
    public void A_counter_that_fell_was_restarted_also_twice_in_one_window()
    {
        Old_(1, (5, 100), (10, 100), (15, 100));
        Assert.Equal(3 + 2 + 4 + 1, Old_(2, (10, 100), (15, 100), (35, 103), (40, 2), (45, 6), (50, 1)));
    }

    [Fact]
    public void A_series_that_dies_inside_the_window_counts_its_last_scrape_and_closes_its_gap_when_it_comes_back()
    {
        Old_(1, (10, 1));
        Assert.Equal(4, Old_(2, (10, 1), (35, 5)));
        for (var window = 3; window < 20; window++) Assert.Equal(0, _mesh.Window(window));
        Assert.Equal(2, Old_(20, (590, 7)));
    }

    [Fact]
    public void After_a_gap_a_first_sample_below_the_last_is_a_restart()
    {
        Old_(1, (10, 100));
        Assert.Equal(0, _mesh.Window(2));
        Assert.Equal(99, Old_(20, (590, 99)));
        Assert.Equal(1, Old_(21, (590, 99), (605, 100)));
    }

    [Fact]
    public void A_sample_that_comes_late_counts_once_also_when_a_later_one_was_there_before_it()
    {
        Old_(1, (10, 5));
        Assert.Equal(2, Old_(2, (10, 5), (55, 2), (57, 2), (59, 2)) + Old_(3, (10, 5), (55, 2), (57, 2), (59, 2), (61, 2), (63, 2)));
        // The counter had reached 50 before it was restarted: nobody could know until this sample came.
        Assert.Equal(45, Old_(4, (10, 5), (53, 50), (55, 2), (57, 2), (59, 2), (61, 2), (63, 2)));
        Assert.Equal(0, Old_(5, (10, 5), (53, 50), (55, 2), (57, 2), (59, 2), (61, 2), (63, 2)));
    }

    [Fact]
    public void A_series_whose_first_samples_all_come_late_counts_in_full()
    {
        _mesh.Window(1);
        _mesh.Window(2);
        Assert.Equal(7, Old_(3, (20, 3), (35, 7)));
    }

    [Fact]
    public void What_is_no_count_is_passed_over()
    {
        Old_(1, (10, 1));
        Assert.Equal(2, Old_(2, (10, 1), (35, double.NaN), (40, double.PositiveInfinity), (45, -3), (50, 3)));
    }

    [Fact]
    public void A_series_that_the_server_sends_twice_counts_once()
    {
        Old_(1, (10, 5));
        Assert.Equal(3, _mesh.Window(2, (Old, [(10, 5), (40, 8)]), (Old, [(10, 5), (40, 8)])));
        Assert.Equal(2, _mesh.Window(3, (Old, [(40, 8), (70, 1), (80, 2), (90, 2)]), (Old, [(40, 8), (70, 1), (80, 2), (90, 2)])));
    }

    [Fact]
    public void A_sample_from_after_the_windows_end_belongs_to_a_later_window()
    {
        Assert.Equal(5, Old_(1, (10, 5), (31, 7)));
        Assert.Equal(2, Old_(2, (10, 5), (31, 7)));
    }

    [Fact]
    public void A_window_that_failed_leaves_no_trace_and_neither_does_a_repeated_query()
    {
        _mesh.Begin(1);
        _mesh.Observe(Old, (10, 5));
        Assert.Equal(0, _mesh.Window(1));
        Assert.Equal(0, _mesh.Tracker.Known.Counters.Count);
        Assert.Empty(_mesh.Tracker.Known.Meanings.All);

        _mesh.Begin(1);
        _mesh.Tracker.BeginQuery();
        _mesh.Observe(Old, (5, 100), (10, 5));
        _mesh.Tracker.RestartQuery();
        _mesh.Observe(Old, (10, 5));
        Assert.Equal(5, _mesh.Commit());
        Assert.Equal([(TrackedMesh.What, 1)], _mesh.Tracker.Known.Meanings.All);
    }

    [Fact]
    public void A_series_whose_target_labels_changed_is_the_same_counter_going_on()
    {
        Old_(1, (10, 78_191), (25, 78_191));
        Assert.Equal(5, _mesh.Window(2, (Old, [(10, 78_191), (25, 78_191), (40, 78_193)]), (Relabelled, [(55, 78_196)])));
        Assert.Equal(1, _mesh.Window(3, (Old, [(40, 78_193)]), (Relabelled, [(55, 78_196), (70, 78_197)])));
        Assert.Equal(1, _mesh.Tracker.Known.Counters.Count);
        Assert.Equal(2, _mesh.Tracker.Known.Series.Count);
    }

    [Fact]
    public void Where_there_is_no_up_every_label_counts()
    {
        _mesh.TargetLabels = null;
        Old_(1, (10, 100));
        Assert.Equal(105, _mesh.Window(2, (Relabelled, [(55, 105)])));
    }

    [Fact]
    public void A_counter_that_two_jobs_show_counts_once_and_goes_on_through_the_other_when_one_falls_silent()
    {
        Assert.Equal(6, _mesh.Window(1, (Old, [(10, 5)]), (OtherJob, [(17, 6)])));
        Assert.Equal(3, _mesh.Window(2, (Old, [(10, 5), (40, 9)]), (OtherJob, [(17, 6), (32, 7)])));
        Assert.Equal(2, _mesh.Window(3, (Old, [(10, 5), (40, 9)]), (OtherJob, [(17, 6), (32, 7), (77, 11)])));
        for (var window = 4; window < 9; window++) _mesh.Window(window, (OtherJob, [(77, 11)]));
        Assert.Equal(1, _mesh.Window(9, (OtherJob, [(260, 12)])));
    }

    [Fact]
    public void A_restart_that_two_jobs_show_counts_once_with_what_only_one_of_them_saw_before_it()
    {
        _mesh.Window(1, (Old, [(0, 100), (15, 100), (30, 100)]), (OtherJob, [(4, 100), (19, 100)]));
        // The one saw 101 before the restart and 6 after it, the other 3 and 8.
        var counted = _mesh.Window(2, (Old, [(0, 100), (15, 100), (30, 100), (45, 3), (60, 8)]), (OtherJob, [(4, 100), (19, 100), (34, 101), (49, 6)]));
        Assert.Equal(1 + 8, counted);
        Assert.Equal(1, _mesh.Window(3, (Old, [(15, 100), (30, 100), (45, 3), (60, 8), (75, 9)]), (OtherJob, [(19, 100), (34, 101), (49, 6), (64, 9)])));
    }

    /// <summary>Samples that Thanos handed on as one series after deduplication (thanos-io/thanos#7623).</summary>
    [Fact]
    public void Samples_of_two_replicas_in_one_series_are_no_restart()
    {
        Old_(1, (0, 78_190), (20, 78_190));
        Assert.Equal(8, _mesh.Window(2, (Old, [(0, 78_190), (20, 78_190), (46.6, 78_191), (47.413, 78_192), (47.488, 78_191), (59, 78_198)])));
        Assert.Equal(0, _mesh.Window(3, (Old, [(0, 78_190), (20, 78_190), (46.6, 78_191), (47.413, 78_192), (47.488, 78_191), (59, 78_198)])));
        Assert.Equal(1, _mesh.Tracker.RecentInversions);
    }

    [Fact]
    public void A_fall_at_the_end_of_a_window_waits_for_the_samples_that_tell_what_it_is()
    {
        (double, double)[] before = [(0, 50), (15, 50), (30, 50)];
        Old_(1, before);
        (double, double)[] fell = [.. before, (45, 60), (46, 59)];
        Assert.Equal(10, _mesh.Window(2, (Old, fell)));
        Assert.Equal(1, _mesh.Window(3, (Old, [.. fell, (60.5, 61)])));
        Assert.Equal(0, _mesh.Window(4, (Old, [.. fell, (60.5, 61)])));
    }

    [Fact]
    public void A_fall_at_the_end_of_a_baseline_counts_nothing_later()
    {
        _mesh.Begin(1, isBaseline: true);
        _mesh.Observe(Old, (15, 50), (28, 60), (29, 59));
        _mesh.Commit();
        Assert.Equal(2, Old_(2, (15, 50), (28, 60), (29, 59), (43, 61), (44, 62)));
        Assert.Equal(1, Old_(3, (28, 60), (29, 59), (43, 61), (44, 62), (75, 63)));
    }

    /// <remarks>Its target is gone, so nobody can say which of its labels are the proxy's own.</remarks>
    [Fact]
    public void A_series_that_ended_is_known_by_its_name_over_a_restart()
    {
        Old_(1, (10, 78_191));
        _mesh.Reload();
        var labels = Encoding.UTF8.GetBytes(Old);
        Assert.Equal(0, _mesh.Tracker.Missed(labels, LabelReader.Read(labels), targetLabels: null, 78_191));
    }

    [Fact]
    public void A_counter_that_was_silent_for_three_days_with_all_of_its_job_counts_only_what_it_grew_by()
    {
        Old_(1, (10, 78_191));
        _mesh.Reload();
        const int Monday = 3 * 24 * 120;
        for (var window = 2; window < 100; window++) Assert.Equal(0, _mesh.Window(window));
        Assert.Equal(5, Old_(Monday, ((Monday * 30) - 5, 78_196)));
    }

    [Fact]
    public void A_counter_is_forgotten_when_its_job_had_samples_without_it_for_a_week()
    {
        var mesh = new TrackedMesh(window: 3600);
        var alive = TrackedMesh.Labels(("job", "envoy"), ("instance", "10.0.0.2:15090"), ("to", "x"));
        mesh.Window(1, (Old, [(10, 5)]), (alive, [(10, 5)]));
        var hours = (int)JobRegister.Memory.TotalHours;
        for (var hour = 2; hour < hours; hour++) mesh.Window(hour, (alive, [((hour * 3600) - 5, 5)]));
        Assert.Equal(2, mesh.Tracker.Known.Counters.Count);
        for (var hour = hours; hour < hours + 14; hour++) mesh.Window(hour, (alive, [((hour * 3600) - 5, 5)]));
        Assert.Equal(1, mesh.Tracker.Known.Counters.Count);
        Assert.Equal(1, mesh.Tracker.Known.Series.Count);
        Assert.Equal([(TrackedMesh.What, 1)], mesh.Tracker.Known.Meanings.All);
    }

    [Fact]
    public void What_is_to_be_classified_anew_keeps_its_count()
    {
        Old_(1, (10, 5));
        _mesh.Tracker.Known.Declassify();
        Assert.Empty(_mesh.Tracker.Known.Meanings.All);
        Assert.Equal(2, Old_(2, (10, 5), (40, 7)));
    }

    [Fact]
    public void A_series_that_ended_with_more_than_was_counted_is_told_once()
    {
        Old_(1, (10, 5));
        Assert.Equal(3, Missed(Old, 8));
        Assert.Equal(0, Missed(Old, 8));
        Assert.Equal(0, Missed(Old, 7));
    }

    private double Old_(int number, params (double, double)[] samples) => _mesh.Window(number, (Old, samples));

    private double Missed(string labels, double value)
    {
        for (var window = 2; window < 8 && _mesh.Tracker.Reading < 8; window++) _mesh.Window(window);
        var bytes = System.Text.Encoding.UTF8.GetBytes(labels);
        return _mesh.Tracker.Missed(bytes, LabelReader.Read(bytes), _mesh.TargetLabels, value);
    }
}
