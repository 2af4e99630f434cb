using EgressAlerts.Model;
using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling.Ranges;

/// <summary>What counters grew by is the difference of what they show, whatever happened in between.</summary>
public sealed class GrowthTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Idle = TimeSpan.FromHours(24);

    private readonly PastSpan _span = new(DateTimeOffset.UnixEpoch.AddDays(20_000), DateTimeOffset.UnixEpoch.AddDays(20_004), Hour);
    private readonly PastFlows _flows;
    private readonly GrowthSink _sink;

    public GrowthTests()
    {
        _flows = new PastFlows(_span);
        _sink = new GrowthSink(Metric.Requests, _flows, Hour, Idle);
    }

    [Fact]
    public void A_counter_that_was_there_counts_what_it_grew_by()
    {
        Baseline(100);
        Show((1, 100), (2, 130), (3, 130), (26, 140));
        var use = Assert.Single(_flows.Uses);
        Assert.Equal((40, 2), (use.Amounts.Requests, use.Days.Count));
        Assert.Equal((new DateOnly(2024, 10, 4), new DateOnly(2024, 10, 5)), (use.Days.First, use.Days.Last));
    }

    [Fact]
    public void A_counter_that_is_born_within_the_span_counts_in_full()
    {
        Show((5, 7), (6, 9));
        Assert.Equal(9, Total());
    }

    [Fact]
    public void A_counter_that_fell_began_again()
    {
        Baseline(100);
        Show((1, 110), (2, 4), (3, 5));
        Assert.Equal(15, Total());
    }

    [Fact]
    public void An_outage_of_the_service_changes_nothing()
    {
        Baseline(100);
        Show((1, 110), (9, 112));
        Assert.Equal(12, Total());
    }

    [Fact]
    public void A_series_that_gave_its_place_up_after_idling_begins_at_zero()
    {
        Baseline(10);
        var marks = Enumerable.Range(1, 26).Select(hour => (hour, 11.0)); // Idle from the first mark on, for 25 hours.
        Show([.. marks, (40, 60)]);
        Assert.Equal(61, Total());
    }

    [Fact]
    public void An_answer_that_is_asked_for_again_counts_once()
    {
        Baseline(1);
        Answer((1, 5));
        _sink.Restart();
        Show((1, 5), (2, 6));
        Assert.Equal(5, Total());
    }

    [Fact]
    public void Pieces_of_a_span_go_on_where_the_piece_before_ended()
    {
        Baseline(1);
        Show((1, 5), (2, 6));
        Show((3, 8), (4, 9));
        Assert.Equal(8, Total());
    }

    [Fact]
    public void Growth_until_midnight_belongs_to_the_day_that_ends()
    {
        Baseline(1);
        Show((23, 1), (24, 2));
        Assert.Equal(_span.FirstDay, Assert.Single(_flows.Uses).Days.Last);
    }

    [Fact]
    public void Labels_that_this_service_never_writes_are_passed_over_and_counted()
    {
        _sink.Series("""{"route":"elsewhere","protocol":"tcp","destination":"a.example.com"}"""u8, [new Sample(1000, 5)]);
        _sink.Keep();
        Assert.Empty(_flows.Uses);
        Assert.Equal(1, _flows.Strange);
    }

    private double Total() => _flows.Uses.Sum(use => use.Amounts.Requests);

    private void Baseline(double value)
    {
        _sink.IsBaseline = true;
        Show((0, value));
        _sink.IsBaseline = false;
    }

    private void Show(params (int Hour, double Value)[] samples)
    {
        Answer(samples);
        _sink.Keep();
    }

    private void Answer(params (int Hour, double Value)[] samples) => _sink.Series(
        """{"source_workload_namespace":"shop","source_workload":"cart","destination":"a.example.com","route":"passthrough","protocol":"http"}"""u8,
        [.. samples.Select(sample => new Sample((_span.Start + (Hour * sample.Hour)).ToUnixTimeMilliseconds(), sample.Value))]);
}
