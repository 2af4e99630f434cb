using System.Text.Json;
using EgressAlerts.Detection;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Detection;

public sealed class SeasonalBaselineTests
{
    private const int Week = 168;
    private const long First = 500_000;

    [Fact]
    public void Nothing_is_expected_before_two_days_are_known()
    {
        var baseline = new SeasonalBaseline(1, First, 0);
        for (var i = 0; i < 24; i++) baseline.Add(First + i, 100);
        Assert.Null(baseline.Expected(First + 24, 5));
        for (var i = 24; i < 48; i++) baseline.Add(First + i, 100);
        Assert.NotNull(baseline.Expected(First + 48, 5));
    }

    [Fact]
    public void An_hour_of_the_week_is_held_against_the_same_hour_those_beside_it_and_the_largest_of_all()
    {
        // A job of 1,000 every Sunday at 3, nothing else.
        var baseline = new SeasonalBaseline(1, First, 0);
        for (var i = 0; i < 4 * Week; i++) baseline.Add(First + i, i % Week == 147 ? 1000 : 0);
        var at = First + (4 * Week);
        Assert.InRange(baseline.Expected(at + 147, 5)!.Value.Limit, 1000, 10_000);
        Assert.InRange(baseline.Expected(at + 148, 5)!.Value.Limit, 1000, 10_000);
        Assert.InRange(baseline.Expected(at + 146, 5)!.Value.Limit, 1000, 10_000);
        // The job may move: that is no anomaly, but several times as much is.
        Assert.InRange(baseline.Expected(at + 140, 5)!.Value.Limit, 1000, 5_000);
        Assert.Equal(0, baseline.Expected(at + 140, 5)!.Value.Median);

        // What has something in every hour is known better.
        var busy = new SeasonalBaseline(1, First, 0);
        for (var i = 0; i < 4 * Week; i++) busy.Add(First + i, i % Week == 147 ? 1000 : 10);
        Assert.InRange(busy.Expected(at + 140, 5)!.Value.Limit, 1000, 1_500);
    }

    [Fact]
    public void What_happened_once_at_this_hour_a_week_ago_is_usual()
    {
        var baseline = new SeasonalBaseline(1, First, 0);
        for (var i = 0; i < Week + 100; i++) baseline.Add(First + i, i == 100 ? 1000 : 0);
        Assert.InRange(baseline.Expected(First + Week + 100, 5)!.Value.Limit, 1000, 20_000);
    }

    [Fact]
    public void Hours_that_were_left_out_are_not_known_and_old_ones_are_forgotten()
    {
        var baseline = new SeasonalBaseline(1, First, 0);
        for (var i = 0; i < 48; i++) baseline.Add(First + i, 5);
        baseline.Add(First + (5 * Week), 5);
        Assert.Null(baseline.Expected(First + (5 * Week) + 24, 5));
    }

    [Fact]
    public void Fewer_than_half_of_the_values_however_wild_do_not_move_the_median() => Prop.ForAll(
        (from usual in Gen.Choose(10, 1_000_000)
         from wild in Gen.Choose(1, 1_000_000)
         from weeks in Gen.Choose(0, 3).ListOf(1)
         select (usual: (double)usual, wild: usual * (double)wild, week: weeks[0])).ToArbitrary(),
        these =>
        {
            var baseline = new SeasonalBaseline(1, First, 0);
            for (var i = 0; i < 4 * Week; i++) baseline.Add(First + i, i / Week == these.week ? these.wild : these.usual);
            var expected = baseline.Expected(First + (4 * Week) + 50, 5)!.Value;
            return expected.Median <= these.usual * 1.1 && expected.Median >= these.usual / 1.1 && expected.Limit < Math.Max(these.usual * 7, these.wild * 1.6);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void It_is_the_same_after_a_restart()
    {
        var random = new Random(1);
        var baseline = new SeasonalBaseline(1024, First, 30);
        for (var i = 0; i < 400; i += random.Next(1, 3)) baseline.Add(First + i, random.Next(1_000_000));
        var series = DetectionJson.Default.SeasonalSeries;
        var copy = JsonSerializer.Deserialize(JsonSerializer.Serialize(new SeasonalSeries { Baseline = baseline }, series), series)!.Baseline!;
        for (var i = 400; i < 500; i++) Assert.Equal(baseline.Expected(First + i, 5), copy.Expected(First + i, 5));
    }

    [Fact]
    public void A_drip_adds_up_and_what_is_usual_does_not()
    {
        var days = new DailySums(100, 0);
        for (var i = 0; i < 14; i++) days.CloseDay(100 + i, 1000 + (i % 3), 500);
        Assert.Equal(0, days.Excess(114, 1200, 500)!.Value.Excess);
        // A hundred a day over the allowance: five days to pass 500, half a day later with what is usual.
        var allowance = days.Excess(114, 0, 500)!.Value.Allowance;
        var day = 114;
        for (; days.Excess(day, allowance + 150, 500) is { } drip && drip.Excess <= drip.Limit; day++) days.CloseDay(day, allowance + 150, 500);
        Assert.InRange(day - 114, 3, 8);
        days.Flag(day);
        days.CloseDay(day, allowance + 150, 500);
        Assert.InRange(days.Excess(day + 1, 0, 500)!.Value.Allowance, allowance - 250, allowance);
        // It may go on for months: it never becomes usual.
        day++;
        for (var last = day + 60; day < last; day++)
        {
            days.Flag(day);
            days.CloseDay(day, 5000, 500);
        }

        Assert.InRange(days.Excess(day, 0, 500)!.Value.Allowance, allowance - 250, allowance);
    }

    [Fact]
    public void A_weeks_rhythm_does_not_add_up()
    {
        var days = new DailySums(700, 0);
        for (var day = 700; day < 760; day++)
        {
            var value = day % 7 == 6 ? 5000.0 : 100;
            if (day >= 714) Assert.True(days.Excess(day, value, 500)!.Value is var drip && drip.Excess <= drip.Limit, $"day {day}");
            days.CloseDay(day, value, 500);
        }
    }
}
