using EgressAlerts.Cardinality;
using EgressAlerts.Model;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Cardinality;

public sealed class SeriesBudgetTests
{
    private static readonly CardinalityOptions Small = new() { MaxSeries = 50, MaxDestinationsPerWorkload = 3 };

    [Fact]
    public void A_destination_beyond_the_workloads_share_is_summed_in_its_own_overflow()
    {
        var budget = new SeriesBudget(Small);
        var admitted = budget.Admit(Samples.Named(1, [.. Enumerable.Range(1, 5).Select(i => Samples.Increment(Samples.Flow($"52.0.0.{i}"), i, flags: "-"))]));
        Assert.Equal(["52.0.0.1", "52.0.0.2", "52.0.0.3"], admitted.Destinations.Select(destination => destination.Name));
        var overflow = admitted.Series.Single(series => series.Key.Labels.Destination == Words.Other);
        Assert.Equal(9, overflow.Value);
        Assert.Equal(new FlowLabels("shop", "cart", Words.Other, "", Route.Passthrough, Protocol.Tcp), overflow.Key.Labels);
        Assert.Equal(Words.Other, overflow.Key.ResponseFlags);
    }

    [Fact]
    public void A_workload_beyond_the_budget_shares_the_last_overflow()
    {
        var budget = new SeriesBudget(Small);
        var admitted = budget.Admit(Samples.Named(1, [.. Enumerable.Range(1, 40).Select(i => Samples.Increment(Samples.Flow("52.0.0.1", source: new("ns", $"w-{i}"))))]));
        Assert.Equal(24, admitted.Series.Single(series => series.Key.Labels.SourceWorkload == Words.Other).Value);
        Assert.Equal(40, admitted.Series.Sum(series => series.Value));
    }

    [Fact]
    public void An_idle_series_gives_its_place_up_and_its_sum_stays_in_the_books()
    {
        var budget = new SeriesBudget(Small with { IdleTtl = TimeSpan.FromMinutes(10) });
        budget.Admit(Samples.Named(1, Samples.Increment(Samples.Flow("52.0.0.1"), 7)));
        var later = budget.Admit(Samples.Named(40, Samples.Increment(Samples.Flow("52.0.0.2"), 1)));
        Assert.Equal(["52.0.0.2"], later.Destinations.Select(destination => destination.Name));
        Assert.Equal((8, 7), (later.Counted[Metric.ConnectionsClosed], later.Retired[Metric.ConnectionsClosed]));
    }

    [Fact]
    public void A_name_is_described_by_its_least_trustworthy_use()
    {
        var budget = new SeriesBudget(Small);
        var registered = new Destination("a.example.com", NameSource.Registry, true);
        var claimed = new Destination("a.example.com", NameSource.Host, false);
        NamedIncrement By(Route route, Destination destination) => new(Samples.Increment(Samples.Flow(service: "a.example.com", route: route)), destination);

        Assert.Equal(registered, Assert.Single(budget.Admit(Samples.NamedAs(1, By(Route.Registered, registered))).Destinations));
        Assert.Equal(claimed, Assert.Single(budget.Admit(Samples.NamedAs(2, By(Route.Passthrough, claimed))).Destinations));
        Assert.Equal(claimed, Assert.Single(budget.Admit(Samples.NamedAs(3, By(Route.Registered, registered))).Destinations));
        // The same flow with a better name now: that is what it is.
        Assert.Equal(registered, Assert.Single(budget.Admit(Samples.NamedAs(4, By(Route.Passthrough, registered))).Destinations));
    }

    /// <summary>Whatever arrives: nothing is lost or counted twice, per workload and in all; no counter falls; the budget holds; a restart changes nothing.</summary>
    [Fact]
    public void Sums_are_conserved_counters_are_monotone_and_the_budget_holds()
    {
        var increment = from workload in Gen.Choose(1, 30)
                        from destination in Gen.Choose(1, 12)
                        from metric in Gen.Elements(Enum.GetValues<Metric>())
                        from route in Gen.Elements(Enum.GetValues<Route>())
                        from amount in Gen.Choose(1, 1000)
                        select Samples.Increment(Samples.Flow($"52.0.0.{destination}", route: route, source: new("ns", $"w-{workload}")), amount, metric);
        Prop.ForAll(increment.ArrayOf().ArrayOf().ToArbitrary(), windows =>
        {
            var budget = new SeriesBudget(Small);
            var expected = new Dictionary<Metric, double>();
            var last = new Dictionary<SeriesKey, double>();
            for (var window = 0; window < windows.Length; window++)
            {
                var admitted = budget.Admit(Samples.Named(window + 1, windows[window]));
                foreach (var each in windows[window]) expected[each.Metric] = expected.GetValueOrDefault(each.Metric) + each.Amount;
                foreach (var (metric, sum) in expected)
                {
                    Assert.Equal(sum, admitted.Series.Where(series => series.Key.Metric == metric).Sum(series => series.Value));
                    Assert.Equal(sum, admitted.Counted[metric]);
                }

                foreach (var series in admitted.Series)
                {
                    Assert.True(series.Value >= last.GetValueOrDefault(series.Key));
                    last[series.Key] = series.Value;
                }

                Assert.InRange(admitted.Series.Count - admitted.Overflow + admitted.Destinations.Count, 0, Small.MaxSeries);
                budget = Samples.Copied(new SeriesBudget(Small), budget.Save, (copy, from) => copy.Load(from));
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_order_of_increments_changes_no_workloads_sum()
    {
        var increments = Enumerable.Range(0, 200).Select(i => Samples.Increment(Samples.Flow($"52.0.{i % 7}.{i % 50}", source: new("ns", $"w-{i % 9}")), i)).ToList();
        Assert.Equal(PerWorkload(increments), PerWorkload([.. increments.AsEnumerable().Reverse()]));
    }

    [Fact]
    public void A_lowered_budget_keeps_the_sums()
    {
        var budget = new SeriesBudget(Small);
        budget.Admit(Samples.Named(1, [.. Enumerable.Range(1, 10).Select(i => Samples.Increment(Samples.Flow($"52.0.0.{i}", source: new("ns", $"w-{i}"))))]));
        var lower = Samples.Copied(new SeriesBudget(Small with { MaxSeries = 6 }), budget.Save, (copy, from) => copy.Load(from));
        var admitted = lower.Admit(Samples.Named(2));
        Assert.Equal((3, 7), (admitted.Series.Count, admitted.Retired[Metric.ConnectionsClosed]));
        Assert.Equal(10, admitted.Counted[Metric.ConnectionsClosed]);
    }

    private static SortedDictionary<string, double> PerWorkload(IReadOnlyList<Increment> increments) => new(new SeriesBudget(Small)
        .Admit(Samples.Named(1, increments)).Series
        .GroupBy(series => series.Key.Labels.SourceWorkload)
        .ToDictionary(group => group.Key, group => group.Sum(series => series.Value)));
}
