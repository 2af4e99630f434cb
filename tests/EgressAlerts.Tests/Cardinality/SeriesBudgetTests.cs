using System.Globalization;
using EgressAlerts.Cardinality;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Tests.Cardinality;

public sealed class SeriesBudgetTests : IDisposable
{
    private static readonly CardinalityOptions Small = new() { MaxSeries = 50, MaxDestinationsPerWorkload = 3 };
    private static readonly CardinalityOptions Medium = new() { MaxSeries = 10_000, MaxDestinationsPerWorkload = 40 };

    private Store _store = Store.InMemory();
    private StoredState? _state;

    public void Dispose() => _store.Dispose();

    [Fact]
    public void A_destination_beyond_the_workloads_share_is_summed_in_its_own_overflow()
    {
        var admitted = Admit(New(Small), 1, [.. Enumerable.Range(1, 5).Select(i => Samples.Increment(Samples.Flow($"52.0.0.{i}"), i, flags: "-"))]);
        Assert.Equal(["52.0.0.3", "52.0.0.4", "52.0.0.5"], admitted.Destinations.Select(destination => destination.Name).Order());
        var overflow = admitted.Series.Single(series => series.Key.Destination == LabelValues.Overflow);
        Assert.Equal(3, overflow.Value);
        Assert.Equal(
            new SeriesKey(Metric.ConnectionsClosed, Samples.Cart, LabelValues.Overflow, "", Route.Passthrough, Protocol.Tcp, "", LabelValues.Overflow),
            overflow.Key);
    }

    [Fact]
    public void A_workload_beyond_the_budget_shares_the_last_overflow()
    {
        var admitted = Admit(New(Small), 1, [.. Enumerable.Range(1, 40).Select(i => Samples.Increment(Samples.Flow("52.0.0.1", source: new("ns", $"w-{i}"))))]);
        Assert.Equal(24, admitted.Series.Single(series => series.Key.Source.Name == LabelValues.Overflow).Value);
        Assert.Equal(40, admitted.Series.Sum(series => series.Value));
    }

    [Fact]
    public void Which_series_of_a_destination_find_places_does_not_depend_on_the_order_of_its_increments()
    {
        Increment[] increments =
        [
            .. from port in Enumerable.Range(1, 20)
               from metric in (Metric[])[Metric.ConnectionsOpened, Metric.ConnectionsClosed, Metric.UploadBytes]
               select Samples.Increment(Samples.Flow("52.0.0.1", port: $"{port}"), port, metric),
        ];
        string[] Placed(IEnumerable<Increment> inOrder) =>
            [.. Admit(New(Small), 1, [.. inOrder]).Series.Select(series => $"{series.Key} {series.Value}").Order(StringComparer.Ordinal)];

        var forwards = Placed(increments);
        Assert.Contains(forwards, series => series.Contains("Destination = " + LabelValues.Overflow, StringComparison.Ordinal)); // Not all find one.
        Assert.Equal(forwards, Placed(increments.Reverse()));
    }

    [Fact]
    public void A_series_that_was_idle_for_longer_than_the_TTL_gives_its_place_up_and_so_does_its_workload_and_the_sum_stays_in_the_books()
    {
        var budget = New(Small with { IdleTtl = TimeSpan.FromMinutes(10) }); // Twenty windows; and places for sixteen workloads.
        Admit(budget, 1, [.. Enumerable.Range(1, 16).Select(i => Samples.Increment(Samples.Flow("52.0.0.1", source: new("ns", $"w-{i}")), 7))]);
        var full = Admit(budget, 2, Samples.Increment(Samples.Flow("52.0.0.2"), 3));
        Assert.Equal(3, full.Series.Single(series => series.Key.Source.Name == LabelValues.Overflow).Value);

        var idle = Admit(budget, 21);
        Assert.Equal(16, idle.Series.Count(series => series.Key.Destination == "52.0.0.1"));
        Assert.Equal(["52.0.0.1"], idle.Destinations.Select(destination => destination.Name));
        Assert.Equal((0, 0), (idle.Budget.RetiredSeries, idle.Retired[Metric.ConnectionsClosed]));

        var later = Admit(budget, 22, Samples.Increment(Samples.Flow("52.0.0.2"), 1));
        Assert.Equal((16, 16 * 7), (later.Budget.RetiredSeries, later.Retired[Metric.ConnectionsClosed]));
        Assert.Equal(["52.0.0.2"], later.Destinations.Select(destination => destination.Name));
        Assert.Equal([("__other__", 3), ("cart", 1)], later.Series.Select(series => (series.Key.Source.Name, series.Value)).Order());
        Assert.Equal((16 * 7) + 3 + 1, later.Counted[Metric.ConnectionsClosed]);
    }

    [Fact]
    public void A_flood_of_destinations_that_never_come_back_keeps_the_bounds_and_the_sums_and_is_counted_as_wanted()
    {
        const int PerWindow = 1_000;
        var options = new CardinalityOptions { MaxSeries = 1_000 };
        var (budget, sum) = (New(options), 0.0);
        for (var window = 1; window <= 50; window++)
        {
            // Each carries more than all before, so that it would get a place if there were one.
            var amount = Math.Pow(3, Math.Min(window, 15));
            sum += PerWindow * amount;
            var flood = Enumerable.Range(0, PerWindow).Select(i => new NamedIncrement(
                Samples.Increment(Samples.Flow(source: new("shop", $"w-{i % 7}")), amount),
                new Destination($"n{i}.w{window}.example.com", NameSource.PtrUnconfirmed, false)));
            var admitted = budget.Admit(Samples.NamedAs(window, [.. flood]), [], showNew: true);
            Assert.InRange(admitted.Budget.Live, 1, options.MaxSeries);
            Assert.InRange(admitted.Series.Count, 1, options.MaxSeries + 7); // One overflow a workload.
        }

        var last = budget.Admit(Samples.Named(51), [], showNew: true);
        Assert.InRange(last.Budget.Live, options.MaxSeries - 2, options.MaxSeries); // All places are taken.
        Assert.Equal(sum, last.Series.Sum(series => series.Value) + last.Retired[Metric.ConnectionsClosed]);
        Assert.InRange(last.Budget.Wanted, 47_500, 52_500);
    }

    [Fact]
    public void An_overflow_that_is_idle_retires_too()
    {
        var budget = New(Small with { IdleTtl = TimeSpan.FromMinutes(10) });
        Admit(budget, 1, [.. Enumerable.Range(1, 5).Select(i => Samples.Increment(Samples.Flow($"52.0.0.{i}")))]);
        var later = Admit(budget, 40);
        Assert.Empty(later.Series);
        Assert.Equal((0, 0, 5), (later.Budget.Live, later.Budget.Overflow, later.Retired[Metric.ConnectionsClosed]));
    }

    [Fact]
    public void A_new_series_shows_0_until_somebody_has_seen_that_and_what_it_holds_is_told()
    {
        var budget = New(Small);
        var flow = Samples.Flow("52.0.0.1");
        var first = budget.Admit(Samples.Named(1, Samples.Increment(flow, 3)), [], showNew: true);
        Assert.Equal((0, 3, 3), (first.Series.Single().Value, first.ShownAsZero.Single().Value, first.Counted[Metric.ConnectionsClosed]));
        var unseen = budget.Admit(Samples.Named(2, Samples.Increment(flow, 2), Samples.Increment(Samples.Flow("52.0.0.2"), 9)), [], showNew: false);
        Assert.Equal([(0, 5), (0, 9)], unseen.Series.Zip(unseen.ShownAsZero).Select(pair => (pair.First.Value, pair.Second.Value)));

        // A crash between the windows shows what was shown.
        var after = Restarted(Small);
        Assert.All(after.Snapshot(Samples.Window(2)).Series, series => Assert.Equal(0, series.Value));

        var seen = after.Admit(Samples.Named(3, Samples.Increment(Samples.Flow("52.0.0.3"), 4)), [], showNew: true);
        Assert.Equal([("52.0.0.1", 5), ("52.0.0.2", 9), ("52.0.0.3", 0)], seen.Series.Select(series => (series.Key.Destination, series.Value)).Order());
        Assert.Equal(4, seen.ShownAsZero.Single().Value);
    }

    [Fact]
    public void A_name_is_described_by_its_least_trustworthy_use()
    {
        var budget = New(Small);
        var registered = new Destination("a.example.com", NameSource.Registry, true);
        var claimed = new Destination("a.example.com", NameSource.Host, false);
        NamedIncrement By(Route route, Destination destination) => new(Samples.Increment(Samples.Flow(service: "a.example.com", route: route)), destination);

        Assert.Equal(registered, Assert.Single(AdmitAs(budget, 1, By(Route.Registered, registered)).Destinations));
        Assert.Equal(claimed, Assert.Single(AdmitAs(budget, 2, By(Route.Passthrough, claimed)).Destinations));
        Assert.Equal(claimed, Assert.Single(AdmitAs(budget, 3, By(Route.Registered, registered)).Destinations));
        // Of two clients that claim it one is believed.
        var believed = claimed with { Confirmed = true };
        foreach (var (window, first, second) in ((int, Destination, Destination)[])[(10, believed, claimed), (11, claimed, believed)])
            Assert.False(Assert.Single(AdmitAs(budget, window, By(Route.Passthrough, first), By(Route.Blocked, second)).Destinations).Confirmed);
        AdmitAs(budget, 12, By(Route.Blocked, registered));
        // The same flow with a better name now: that is what it is.
        Assert.Equal(registered, Assert.Single(AdmitAs(budget, 13, By(Route.Passthrough, registered)).Destinations));
    }

    [Fact]
    public void What_the_addresses_of_a_name_disagree_about_is_not_said_of_it_and_the_users_word_always_is()
    {
        var budget = New(Small);
        NamedIncrement In(string network, string region, NameSource source = NameSource.Ptr) =>
            new(Samples.Increment(Samples.Flow("52.0.0.1")), new Destination("*.example.com", source, true, "o", network, region));

        Assert.Equal(("", ""), Told(1, In("", "")));
        Assert.Equal(("AS1", "IE"), Told(2, In("AS1", "IE")));
        Assert.Equal(("", "IE"), Told(3, In("AS2", "IE")));
        Assert.Equal(("", "IE"), Told(4, In("AS1", "IE")));
        Assert.Equal(("vpc", "eu"), Told(5, In("vpc", "eu", NameSource.Network)));

        (string, string) Told(int window, NamedIncrement increment) =>
            AdmitAs(budget, window, increment).Destinations.Single() is var told ? (told.Network, told.Region) : default;
    }

    [Fact]
    public void A_scan_of_ports_and_made_up_codes_and_flags_are_bounded_for_each_destination()
    {
        var admitted = Admit(New(Medium), 1,
        [
            .. Enumerable.Range(1, 500).Select(i => Samples.Increment(Samples.Flow("52.0.0.1", port: $"{i}"))),
            .. Enumerable.Range(100, 500).Select(i => Samples.Increment(Samples.Flow("52.0.0.2"), metric: Metric.Requests, code: $"{i}", flags: "-")),
            .. Enumerable.Range(1, 500).Select(i => Samples.Increment(Samples.Flow("52.0.0.3"), flags: $"F{i}")),
        ]);
        Assert.Equal((17, 33, 17), (Of("52.0.0.1"), Of("52.0.0.2"), Of("52.0.0.3")));
        Assert.Equal(484, Values(admitted).Single(series => series.Key.Port == LabelValues.Overflow).Value);
        Assert.Equal(468, Values(admitted).Single(series => series.Key.ResponseCode == LabelValues.Overflow).Value);

        int Of(string destination) => admitted.Series.Count(series => series.Key.Destination == destination);
    }

    [Fact]
    public void Junk_that_came_first_keeps_out_neither_what_carries_more_nor_what_is_blocked_or_has_a_finding()
    {
        var budget = New(Medium);
        for (var window = 1; window <= 20; window++)
            Admit(budget, window, [.. Enumerable.Range(1, 50).Select(i => Samples.Increment(Samples.Flow($"60.0.{window}.{i}"), 100, Metric.UploadBytes))]);

        var heavy = Samples.Flow("52.0.0.1");
        var blocked = Samples.Flow("52.0.0.2", route: Route.Blocked);
        var (found, junk) = (Samples.Flow("52.0.0.3"), Samples.Flow("52.0.0.4"));
        var finding = new Finding("EgressNewDestination", "warning", Samples.Cart, "52.0.0.3", Samples.Start, "", "", NameSource.Ip, false, "");
        var admitted = budget.Admit(
            Samples.Named(
                21,
                Samples.Increment(heavy, 5_000_000, Metric.UploadBytes),
                Samples.Increment(blocked),
                Samples.Increment(found),
                Samples.Increment(junk, 100, Metric.UploadBytes)),
            [finding],
            showNew: true);
        var names = admitted.Series.Select(series => series.Key.Destination).ToHashSet();
        Assert.All((string[])["52.0.0.1", "52.0.0.2", "52.0.0.3"], name => Assert.Contains(name, names));
        Assert.DoesNotContain("52.0.0.4", names);
        Assert.InRange(admitted.Budget.Wanted, 980, 1030);
        Assert.True(admitted.Budget.Overflowed > 900);
    }

    [Fact]
    public void What_is_at_risk_cannot_take_the_last_eighth_that_is_for_what_carries_much()
    {
        var budget = New(Medium);
        var flood = Admit(budget, 1, [.. Enumerable.Range(1, 200).Select(i => Samples.Increment(Samples.Flow($"60.0.0.{i}", route: Route.Blocked)))]);
        Assert.Equal(Medium.MaxDestinationsPerWorkload * 7 / 8, flood.Destinations.Count);
        var after = Admit(budget, 2, Samples.Increment(Samples.Flow("52.0.0.1"), 1_000_000, Metric.UploadBytes));
        Assert.Contains(after.Destinations, destination => destination.Name == "52.0.0.1");
    }

    [Fact]
    public void A_flood_of_one_workload_leaves_the_others_their_places()
    {
        var options = new CardinalityOptions { MaxSeries = 200, MaxDestinationsPerWorkload = 1000 };
        var budget = New(options);
        Admit(budget, 1, [.. Enumerable.Range(1, 999).Select(i => Samples.Increment(Samples.Flow($"60.0.{i / 250}.{i % 250}")))]);
        var admitted = Admit(budget, 2, [.. Enumerable.Range(1, 5).Select(i => Samples.Increment(Samples.Flow($"52.0.0.{i}", source: new("ns", "quiet"))))]);
        Assert.Equal(5, admitted.Series.Count(series => series.Key.Source.Name == "quiet"));
        Assert.InRange(admitted.Budget.Live, 1, options.MaxSeries);
    }

    [Fact]
    public void What_was_folded_and_carries_much_gets_the_place_that_becomes_free()
    {
        var budget = New(Small with { IdleTtl = TimeSpan.FromMinutes(10) });
        Admit(budget, 1, [.. Enumerable.Range(1, 3).Select(i => Samples.Increment(Samples.Flow($"52.0.0.{i}"), 1000 * i, Metric.UploadBytes))]);
        // Folded while the three are live; the last one carries most.
        for (var window = 2; window < 22; window++)
            Admit(budget, window, [.. Enumerable.Range(4, 6).Select(i => Samples.Increment(Samples.Flow($"52.0.0.{i}"), 10 * i, Metric.UploadBytes))]);
        var later = Admit(budget, 22, [.. Enumerable.Range(4, 6).Select(i => Samples.Increment(Samples.Flow($"52.0.0.{i}"), 1, Metric.UploadBytes))]);
        Assert.Equal(["52.0.0.7", "52.0.0.8", "52.0.0.9"], later.Destinations.Select(destination => destination.Name).Order());
        Assert.Equal(3, later.Budget.Promoted);
        // What had been folded stays where it was.
        Assert.Equal([1, 1, 1], Values(later).Where(series => series.Key.Destination != LabelValues.Overflow).Select(series => series.Value));
    }

    [Fact]
    public void Five_names_under_a_parent_are_rolled_up_when_places_are_scarce_and_stay_so()
    {
        var budget = New(new() { MaxSeries = 1000, MaxDestinationsPerWorkload = 8, IdleTtl = TimeSpan.FromMinutes(30) });
        NamedIncrement To(string name, double amount = 1) => new(
            Samples.Increment(Samples.Flow("52.0.0.1"), amount),
            new Destination(name, NameSource.Ptr, true, "", "AS1", "", "example.com"));

        var first = AdmitAs(budget, 1, [.. Enumerable.Range(1, 6).Select(i => To($"n{i}.cdn.example.com"))]);
        Assert.Equal((6, 0), (first.Destinations.Count, first.Budget.RolledUp)); // Places are not scarce yet when each of them comes.
        var second = AdmitAs(budget, 2, To("n7.cdn.example.com"), To("n8.cdn.example.com"), To("n1.cdn.example.com", 10), To("other.example.com", 9));
        Assert.Equal(1, second.Budget.RolledUp);
        var values = Values(second).ToDictionary(series => series.Key.Destination, series => series.Value);
        Assert.Equal((2, 11), (values["*.cdn.example.com"], values["n1.cdn.example.com"]));
        var rolledUp = second.Destinations.Single(destination => destination.Name == "*.cdn.example.com");
        Assert.Equal((NameSource.Ptr, "example.com"), (rolledUp.Source, rolledUp.Domain));

        // The others have gone and there is room: the parent stays what it is, over a restart too.
        for (var window = 3; window < 90; window++) AdmitAs(budget, window, To("n9.cdn.example.com"));
        budget = Restarted(new() { MaxSeries = 1000, MaxDestinationsPerWorkload = 8, IdleTtl = TimeSpan.FromMinutes(30) });
        Assert.Equal(["*.cdn.example.com"], AdmitAs(budget, 90, To("n10.cdn.example.com")).Series.Select(series => series.Key.Destination));
        // When it has been idle too, names are names again.
        Assert.Equal(["n11.cdn.example.com"], AdmitAs(budget, 200, To("n11.cdn.example.com")).Series.Select(series => series.Key.Destination));
    }

    [Theory]
    [InlineData("{0}.example.com", "")] // A name whose domain nobody knows.
    [InlineData("{0}.com", "{0}.com")] // A domain itself: *.com would be everybody's.
    [InlineData("*.{0}.example.com", "example.com")] // What stands for many already.
    public void Nothing_above_a_registrable_domain_is_rolled_up(string name, string domain)
    {
        var budget = New(new() { MaxSeries = 1000, MaxDestinationsPerWorkload = 8 });
        static string Numbered(string format, int i) => string.Format(CultureInfo.InvariantCulture, format, $"n{i}");
        var admitted = AdmitAs(budget, 1, [.. Enumerable.Range(1, 20).Select(i => new NamedIncrement(
            Samples.Increment(Samples.Flow("52.0.0.1")),
            new Destination(Numbered(name, i), NameSource.Ptr, true, Domain: Numbered(domain, i))))]);
        Assert.Equal(0, admitted.Budget.RolledUp);
    }

    [Fact]
    public void A_lowered_budget_keeps_the_sums()
    {
        var budget = New(Small);
        Admit(budget, 1, [.. Enumerable.Range(1, 10).Select(i => Samples.Increment(Samples.Flow($"52.0.0.{i}", source: new("ns", $"w-{i}"))))]);
        var lower = Restarted(Small with { MaxSeries = 6 });
        var admitted = Admit(lower, 2);
        Assert.Equal((3, 7), (admitted.Series.Count, admitted.Retired[Metric.ConnectionsClosed]));
        Assert.Equal(10, admitted.Counted[Metric.ConnectionsClosed]);
    }

    private SeriesBudget New(CardinalityOptions options)
    {
        _store.Dispose();
        _store = Store.InMemory();
        return new SeriesBudget(options, _state = _store.Read());
    }

    private SeriesBudget Restarted(CardinalityOptions options)
    {
        Assert.True(_state!.Commit());
        return new SeriesBudget(options, _state = _store.Read());
    }

    /// <summary>A window after which somebody has scraped, so that what it shows is what it holds.</summary>
    private static CounterSnapshot Admit(SeriesBudget budget, int window, params IReadOnlyList<Increment> increments) =>
        Shown(budget, Samples.Named(window, increments));

    private static CounterSnapshot AdmitAs(SeriesBudget budget, int window, params IReadOnlyList<NamedIncrement> increments) =>
        Shown(budget, Samples.NamedAs(window, increments));

    private static CounterSnapshot Shown(SeriesBudget budget, NamedReading named)
    {
        budget.Admit(named, [], showNew: true);
        return budget.Admit(named with { Increments = [] }, [], showNew: true);
    }

    private static IEnumerable<ExportedSeries> Values(CounterSnapshot counters) => counters.Series;
}
