using EgressAlerts.Cardinality;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Cardinality;

/// <summary>What holds for every stream of increments.</summary>
public sealed class BudgetProperties
{
    private static readonly CardinalityOptions Options = new() { MaxSeries = 50, MaxDestinationsPerWorkload = 6, IdleTtl = TimeSpan.FromMinutes(10) };

    private static readonly Gen<NamedIncrement> AnyIncrement =
        from workload in Gen.Choose(1, 25)
        from destination in Gen.Choose(1, 30)
        from port in Gen.Choose(1, 40)
        from metric in Gen.Elements(Enum.GetValues<Metric>())
        from route in Gen.Elements(Enum.GetValues<Route>())
        from amount in Gen.Choose(1, 1000)
        select new NamedIncrement(
            Samples.Increment(Samples.Flow($"52.0.0.{destination}", route: route, source: new("ns", $"w-{workload}"), port: $"{port}"), amount, metric),
            new Destination($"n{destination}.p{destination % 3}.example.com", NameSource.Ptr, true, Domain: "example.com"));

    /// <summary>Windows of increments, the time between them, and whether somebody scraped.</summary>
    private static readonly Arbitrary<(NamedIncrement[] Increments, int Gap, bool IsScraped)[]> AnyWindows =
        (from increments in AnyIncrement.ArrayOf()
         from gap in Gen.Elements(1, 1, 1, 5, 25)
         from scraped in Gen.Elements(true, true, false)
         select (increments, gap, scraped)).ArrayOf().ToArbitrary();

    [Fact]
    public void Sums_are_conserved_per_metric_and_per_workload_exactly() => Prop.ForAll(AnyWindows, windows =>
    {
        var (expected, ofWorkload, retiredBefore) = (new Totals(), new Dictionary<(string, Metric), double>(), new Totals());
        foreach (var (named, admitted) in Run(windows))
        {
            foreach (var each in named.Increments) expected.Add(each.Increment.Metric, each.Increment.Amount);
            foreach (var metric in Enum.GetValues<Metric>())
            {
                Assert.Equal(
                    expected[metric],
                    Held(admitted).Where(series => series.Key.Metric == metric).Sum(series => series.Value) + admitted.Retired[metric]);
                Assert.Equal(expected[metric], admitted.Counted[metric]);
            }

            // As long as nothing retires and all have places of their own, each workload's sum is its own.
            foreach (var each in named.Increments)
            {
                var key = (each.Flow.Source.Name, each.Increment.Metric);
                ofWorkload[key] = ofWorkload.GetValueOrDefault(key) + each.Increment.Amount;
            }

            if (admitted.Budget.RetiredSeries > 0 || admitted.Series.Any(series => series.Key.Source.Name == LabelValues.Overflow)) continue;
            foreach (var ((workload, metric), sum) in ofWorkload)
            {
                Assert.Equal(
                    sum,
                    Held(admitted).Where(series => series.Key.Source.Name == workload && series.Key.Metric == metric).Sum(series => series.Value));
            }
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_counter_falls_while_it_is_exported_and_what_begins_begins_at_0() => Prop.ForAll(AnyWindows, windows =>
    {
        var before = new Dictionary<SeriesKey, double>();
        foreach (var (_, admitted) in Run(windows))
        {
            foreach (var series in admitted.Series)
            {
                var isMonotone = before.TryGetValue(series.Key, out var last) ? series.Value >= last : series.Value == 0;
                Assert.True(isMonotone, $"{series.Key}: {last}, then {series.Value}");
            }

            before = admitted.Series.ToDictionary(series => series.Key, series => series.Value);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_budget_holds_at_every_instant() => Prop.ForAll(AnyWindows, windows =>
    {
        foreach (var (_, admitted) in Run(windows))
        {
            var overflow = admitted.Series.Count(series => series.Key.Destination == LabelValues.Overflow);
            Assert.Equal((admitted.Series.Count - overflow + admitted.Destinations.Count, overflow), (admitted.Budget.Live, admitted.Budget.Overflow));
            Assert.InRange(admitted.Budget.Live, 0, Options.MaxSeries);
            var workloads = admitted.Series.Select(series => series.Key.Source.Name).Where(name => name != LabelValues.Overflow).Distinct().Count();
            Assert.InRange(workloads, 0, Options.MaxWorkloads);
            // An overflow has no label that traffic mints.
            Assert.InRange(overflow, 0, (workloads + 1) * Enum.GetValues<Metric>().Length * Enum.GetValues<Route>().Length * Enum.GetValues<Protocol>().Length);
            var byWorkload = admitted.Series.Where(series => series.Key.Destination != LabelValues.Overflow)
                .GroupBy(series => series.Key.Source.Name, series => series.Key.Destination);
            foreach (var destinations in byWorkload)
                Assert.InRange(destinations.Distinct().Count(), 1, Options.MaxDestinationsPerWorkload);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_needs_no_more_than_three_quarters_of_the_places_is_never_folded() => Prop.ForAll(AnyWindows, windows =>
    {
        var roomy = new CardinalityOptions { MaxSeries = 40_000, MaxDestinationsPerWorkload = 40, IdleTtl = TimeSpan.FromMinutes(10) };
        foreach (var (_, admitted) in Run(windows, roomy)) Assert.Equal((0, 0), (admitted.Budget.Overflow, admitted.Budget.RolledUp));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_increment_of_a_live_series_goes_into_it_and_it_never_retires_early() => Prop.ForAll(AnyWindows, windows =>
    {
        var (before, last, now) = (new Dictionary<SeriesKey, double>(), new Dictionary<SeriesKey, DateTimeOffset>(), default(DateTimeOffset));
        foreach (var (named, admitted) in Run(windows))
        {
            now = admitted.Window.End;
            var held = Held(admitted).ToDictionary(series => series.Key, series => series.Value);
            var ofTheirOwn = before.Where(series =>
                series.Key.Destination != LabelValues.Overflow && !series.Key.Destination.StartsWith('*') && series.Key.Port != LabelValues.Overflow);
            foreach (var (key, value) in ofTheirOwn)
            {
                var grown = named.Increments.Where(each => KeyOf(each) == key).Sum(each => each.Increment.Amount);
                if (held.TryGetValue(key, out var is_))
                {
                    if (is_ != grown || now - last[key] <= Options.IdleTtl) Assert.Equal(value + grown, is_);
                }
                else
                {
                    Assert.True(now - last[key] > Options.IdleTtl, $"{key} retired after {now - last[key]}");
                }
            }

            foreach (var each in named.Increments) last[KeyOf(each)] = now;
            before = held;
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_order_of_increments_changes_nothing() => Prop.ForAll(AnyWindows, windows =>
    {
        var backwards = windows.Select(window => (window.Increments.Reverse().ToArray(), window.Gap, window.IsScraped)).ToArray();
        Assert.Equal(Text(Run(windows)), Text(Run(backwards)));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_restart_after_any_window_changes_nothing() => Prop.ForAll(AnyWindows, windows =>
        Assert.Equal(Text(Run(windows)).ToList(), Text(Run(windows, restarts: true)).ToList())).QuickCheckThrowOnFailure();

    /// <summary>The budget after each window.</summary>
    private static IEnumerable<(NamedReading Named, CounterSnapshot Counters)> Run(
        (NamedIncrement[] Increments, int Gap, bool IsScraped)[] windows,
        CardinalityOptions? options = null,
        bool restarts = false)
    {
        using var store = Store.InMemory();
        var (state, number) = (store.Read(), 0);
        var budget = new SeriesBudget(options ?? Options, state);
        foreach (var (increments, gap, isScraped) in windows)
        {
            var named = Samples.NamedAs(number += gap, increments);
            yield return (named, budget.Admit(named, [], isScraped));
            if (!restarts) continue;
            Assert.True(state.Commit());
            Assert.Empty(state.Stale());
            budget = new SeriesBudget(options ?? Options, state = store.Read());
            Assert.Equal(0, state.Lost);
        }
    }

    private static IEnumerable<string> Text(IEnumerable<(NamedReading Named, CounterSnapshot Counters)> run) => run.SelectMany(window => (IEnumerable<string>)
    [
        .. window.Counters.Series.Select(series => $"{series.Key} {series.Value}").Order(StringComparer.Ordinal),
        .. window.Counters.ShownAsZero.Select(series => $"shown as zero {series.Key} {series.Value}").Order(StringComparer.Ordinal),
        .. window.Counters.Destinations.Select(destination => $"{destination}").Order(StringComparer.Ordinal),
        $"{window.Counters.Budget} {string.Join(' ', window.Counters.Counted)} {string.Join(' ', window.Counters.Retired)}",
    ]);

    /// <summary>What each series holds, also where it still shows 0.</summary>
    private static IEnumerable<(SeriesKey Key, double Value)> Held(CounterSnapshot counters)
    {
        var hidden = counters.ShownAsZero.ToDictionary(series => series.Key, series => series.Value);
        return counters.Series.Select(series => (series.Key, hidden.GetValueOrDefault(series.Key, series.Value)));
    }

    private static SeriesKey KeyOf(NamedIncrement each) => new(
        each.Increment.Metric, each.Flow.Source, each.Destination.Name, each.Flow.To.Port, each.Flow.Route, each.Flow.Protocol,
        each.Increment.Id.ResponseCode, each.Increment.Id.ResponseFlags);
}
