using System.Globalization;
using System.Text.Json;
using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using EgressAlerts.Tests.Storage;

namespace EgressAlerts.Tests.Alerting;

public sealed class AlertBookTests : IDisposable
{
    private static readonly AlertingOptions Options = new() { ExternalLabels = new Dictionary<string, string> { ["cluster"] = "a", ["severity"] = "never" } };
    private static readonly Finding Found = new(
        "EgressBlocked",
        "warning",
        Samples.Cart,
        "x.example.com",
        Samples.Window(1).End,
        "s",
        "d",
        NameSource.Ptr,
        Confirmed: true,
        "up");

    private readonly Store _store = Store.InMemory();
    private readonly StoredState _state;
    private readonly AlertBook _book;

    public AlertBookTests()
    {
        _state = _store.Read();
        _book = new(Options, _state, Metrics());
    }

    public void Dispose() => _store.Dispose();

    [Fact]
    public void A_finding_fires_from_its_first_window_until_the_one_that_no_longer_shows_it()
    {
        var firing = Assert.Single(_book.Update([Found], Samples.Window(1)));
        Assert.Equal((Samples.Window(1).End, null), (firing.StartsAt, firing.ResolvedAt));
        Assert.Equal(Samples.Window(1).End, _book.Update([Found with { Description = "more" }], Samples.Window(2))[0].StartsAt);
        var resolved = Assert.Single(_book.Update([], Samples.Window(3)));
        Assert.Equal(Samples.Window(3).End, resolved.ResolvedAt);
        Assert.Single(_book.Update([], Samples.Window(32)));
        Assert.Empty(_book.Update([], Samples.Window(33)));
    }

    [Fact]
    public void One_that_comes_back_fires_anew()
    {
        _book.Update([Found], Samples.Window(1));
        _book.Update([], Samples.Window(2));
        var again = Assert.Single(_book.Update([Found with { Since = Samples.Window(5).End }], Samples.Window(5)));
        Assert.Equal((Samples.Window(5).End, null), (again.StartsAt, again.ResolvedAt));
    }

    [Fact]
    public void Who_stands_behind_a_gateway_is_said_as_it_was_first_known_for_as_long_as_the_alert_fires()
    {
        Alert Update(int window, string behind) => _book.Update([Found with { Behind = behind }], Samples.Window(window))[0];
        var alert = Update(1, "");
        Assert.Equal(("d", false), (alert.Annotations["description"], alert.Annotations.ContainsKey("behind_gateway")));
        foreach (var (window, behind) in (ReadOnlySpan<(int, string)>)[(2, "Estimated: a."), (3, "Estimated: b."), (4, "")])
        {
            alert = Update(window, behind);
            Assert.Equal(("d Estimated: a.", "Estimated: a."), (alert.Annotations["description"], alert.Annotations["behind_gateway"]));
        }

        _book.Update([], Samples.Window(5));
        Assert.Equal("d Estimated: c.", Update(6, "Estimated: c.").Annotations["description"]);
    }

    [Fact]
    public void Labels_are_the_identity_and_external_ones_override_nothing() => Assert.Equal(
        "alertname=EgressBlocked cluster=a destination=x.example.com severity=warning source_workload=cart source_workload_namespace=shop",
        string.Join(' ', _book.Update([Found], Samples.Window(1))[0].Labels.Select(label => $"{label.Key}={label.Value}")));

    [Fact]
    public void The_same_finding_in_two_clusters_is_two_alerts()
    {
        var alerts = _book.Update([Found with { Source = Found.Source with { Cluster = "east" } }, Found], Samples.Window(1));
        Assert.Equal(["", "east"], alerts.Select(alert => alert.Labels.GetValueOrDefault("source_cluster", "")).Order());
        Assert.Equal(2, alerts.DistinctBy(alert => alert.Fingerprint).Count());
    }

    [Fact]
    public void An_alert_links_to_its_page_and_says_what_was_observed_and_expected_where_its_finding_does()
    {
        var alert = _book.Update([Found with { Facts = new("3 attempts", "none", "detection.blocked.severity") }], Samples.Window(1))[0];
        Assert.Equal($"http://127.0.0.1:10098/alerts/{alert.Fingerprint}", alert.GeneratorUrl);
        Assert.Equal(
            ("3 attempts", "none", "detection.blocked.severity"),
            (alert.Annotations["observed"], alert.Annotations["expected"], alert.Annotations["limit_key"]));
        Assert.False(_book.Update([Found], Samples.Window(2))[0].Annotations.ContainsKey("observed"));
    }

    [Fact]
    public void Alerts_and_their_starts_survive_a_restart()
    {
        _book.Update([Found, Found with { Destination = "y.example.com" }], Samples.Window(1));
        _book.Update([Found], Samples.Window(2));
        var copy = Restarted();
        AssertEqual(_book, copy);
        Assert.Equal(Samples.Window(1).End, copy.Update([Found], Samples.Window(3))[0].StartsAt);
    }

    [Fact]
    public void A_restart_after_any_window_equals_none()
    {
        var random = new Random(7);
        var options = Options with { MaxAlerts = 5, History = TimeSpan.FromMinutes(20) };
        var (plain, state) = (new AlertBook(options, Store.InMemory().Read(), Metrics()), _store.Read());
        var restarted = new AlertBook(options, state, Metrics());
        for (var window = 1; window < 300; window++)
        {
            List<Finding> findings = [.. Enumerable.Range(0, 8).Where(_ => random.Next(3) == 0)
                .Select(i => Found with { Destination = $"d{i}", Since = Samples.Window(window).End, Description = $"{random.Next(2)}" })];
            plain.Update(findings, Samples.Window(window));
            restarted.Update(findings, Samples.Window(window));
            state.Commit();
            AssertEqual(plain, restarted);
            restarted = new AlertBook(options, state = _store.Read(), Metrics());
            AssertEqual(plain, restarted);
        }

        Assert.True(plain.History.Count > plain.Current.Count, "some are remembered that are sent no longer");
        Assert.True(plain.History.Count > plain.History.DistinctBy(alert => alert.Fingerprint).Count(), "some have fired more than once");
    }

    [Fact]
    public void An_alert_is_written_when_something_about_it_has_changed_and_only_then()
    {
        int Written(string description, int window)
        {
            _book.Update([Found with { Description = description }], Samples.Window(window));
            return TouchedRows.Take(_state) - 1; // One is the end of the window.
        }

        Assert.Equal([1, 0, 1, 0], [Written("a", 1), Written("a", 2), Written("b", 3), Written("b", 4)]);
    }

    [Fact]
    public void What_has_resolved_is_remembered_with_its_last_description_for_as_long_as_the_history_goes_back()
    {
        _book.Update([Found], Samples.Window(1));
        _book.Update([Found with { Description = "last" }], Samples.Window(2));
        _book.Update([], Samples.Window(3));
        _book.Update([Found with { Since = Samples.Window(4).End }], Samples.Window(4));
        _book.Update([], Samples.Window(5));
        _book.Update([], Later(TimeSpan.FromDays(29)));
        Assert.Empty(_book.Current);
        Assert.Equal(
            [(Samples.Window(1).End, Samples.Window(3).End, "last"), (Samples.Window(4).End, Samples.Window(5).End, "d")],
            _book.History.Select(alert => (alert.StartsAt, alert.ResolvedAt!.Value, alert.Annotations["description"])));
        AssertEqual(_book, Restarted());
        _book.Update([], Later(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(30)));
        Assert.Equal(Samples.Window(4).End, Assert.Single(_book.History).StartsAt);
        _book.Update([], Later(TimeSpan.FromDays(30)));
        Assert.Empty(_book.History);
        AssertEqual(_book, Restarted());

        static Window Later(TimeSpan by) => new(Samples.Window(5).Start + by, Samples.Window(5).End + by);
    }

    [Fact]
    public void Beyond_10_000_those_that_resolved_longest_ago_are_forgotten_and_what_is_sent_is_not()
    {
        var book = new AlertBook(Options with { MaxAlerts = 100_000, MaxAlertsPerName = 100_000 }, _store.Read(), Metrics());
        IReadOnlyList<Finding> Flood(int first, int count) => [.. Enumerable.Range(first, count).Select(i => Found with { Destination = $"d{i}" })];
        book.Update(Flood(0, 5_000), Samples.Window(1));
        book.Update(Flood(5_000, 6_000), Samples.Window(2));
        Assert.Equal(11_000, book.History.Count); // All of them are still sent.
        book.Update([], Samples.Window(3));
        book.Update([], Samples.Window(40));
        Assert.Equal(AlertBook.MaxEpisodes, book.History.Count);
        Assert.Equal(4_000, book.History.Count(alert => alert.ResolvedAt == Samples.Window(2).End));
        Assert.Equal(6_000, book.History.Count(alert => alert.ResolvedAt == Samples.Window(3).End));
    }

    [Fact]
    public void A_row_that_cannot_be_read_costs_that_alert_alone()
    {
        var other = Found with { Destination = "y.example.com" };
        _book.Update([Found, other], Samples.Window(1));
        _state.Commit();
        Sql.Execute(_store.Connection, $$"""UPDATE alert SET state = '{"fingerprint":"a"}' WHERE fingerprint = '{{_book.Current[0].Fingerprint}}'""");
        var next = new AlertBook(Options, _store.Read(), Metrics());
        Assert.Equal(_book.Current[1].Fingerprint, Assert.Single(next.Current).Fingerprint);
        Assert.Equal(2, next.Update([Found with { Since = Samples.Window(2).End }, other], Samples.Window(2)).Count);
    }

    [Fact]
    public void The_fingerprint_is_the_one_of_prometheus_common() => Assert.Equal(
        5799056148416392346.ToString("x16", CultureInfo.InvariantCulture), // From the test of its labels' signatures.
        Fingerprint.Of(new Dictionary<string, string> { ["name"] = "garland, briggs", ["fear"] = "love is not enough" }));

    [Fact]
    public void A_flood_is_capped_by_name_and_in_all_and_one_alert_says_what_is_held_back()
    {
        var book = new AlertBook(Options with { MaxAlertsPerName = 3, MaxAlerts = 5 }, _state, Metrics());
        Finding Of(string name, int number, int window = 1) => Found with { AlertName = name, Destination = $"d{number}", Since = Samples.Window(window).End };
        static IEnumerable<string> Firing(IEnumerable<Alert> alerts) =>
            alerts.Where(alert => alert.ResolvedAt is null)
                .Select(alert => $"{alert.Labels["alertname"]} {alert.Labels.GetValueOrDefault("destination")}")
                .Order(StringComparer.Ordinal);
        var watchdog = Found with { AlertName = "W", Source = new("", ""), Destination = "", Severity = "info" };

        Assert.Equal(["A d1", "A d2", "W "], Firing(book.Update([Of("A", 1), Of("A", 2), watchdog], Samples.Window(1))));
        Assert.Empty(book.HeldBack);
        // One more has room by name, two of the other in all; older ones come first, and what is about the service always fires.
        var flood = book.Update(
            [Of("A", 9, 2), Of("A", 3, 0), Of("A", 2), Of("A", 1), Of("B", 1, 1), Of("B", 2, 2), Of("B", 3, 2), watchdog],
            Samples.Window(2));
        Assert.Equal(["A d1", "A d2", "A d3", "B d1", "EgressAlertsHeldBack ", "W "], Firing(flood));
        Assert.Equal(["A d9", "B d2", "B d3"], Firing(book.HeldBack));
        var told = flood.Single(alert => alert.Labels["alertname"] == AlertBook.HeldBackName);
        Assert.StartsWith("Held back: 1 A, 2 B. At most 3 of a name and 5 in all fire at a time", told.Annotations["description"], StringComparison.Ordinal);
        Assert.Equal((false, Samples.Window(2).End), (told.Labels.ContainsKey("source_workload"), told.StartsAt));

        // Nothing that fires is pushed out, also not by a lower limit after a restart; what was held back fires from when it began.
        _state.Commit();
        var lower = new AlertBook(Options with { MaxAlertsPerName = 1, MaxAlerts = 1 }, _store.Read(), Metrics());
        Assert.Equal(
            ["A d1", "A d2", "EgressAlertsHeldBack ", "W "],
            Firing(lower.Update([Of("A", 1), Of("A", 2), Of("A", 9, 2), watchdog], Samples.Window(3))));
        var later = book.Update([Of("A", 9, 2), watchdog], Samples.Window(3));
        Assert.Equal(["A d9", "W "], Firing(later));
        Assert.Equal(Samples.Window(2).End, later.Single(alert => alert.Labels.GetValueOrDefault("destination") == "d9").StartsAt);
    }

    [Fact]
    public void What_nobody_is_woken_for_has_a_bound_of_its_own_and_takes_no_room()
    {
        var book = new AlertBook(Options with { MaxAlertsPerName = 2, MaxAlerts = 2, MaxInfoAlerts = 3 }, _state, Metrics());
        IEnumerable<Finding> Of(string severity, int count) => Enumerable.Range(0, count)
            .Select(i => Found with { Severity = severity, Destination = $"{severity}-{i}", Source = new("shop", $"{severity}-{i}") });
        var firing = book.Update([.. Of("info", 5), .. Of("warning", 4)], Samples.Window(1));
        Assert.Equal(
            [("info", 3), ("warning", 2)],
            firing.Where(alert => alert.Labels.ContainsKey("source_workload"))
                .CountBy(alert => alert.Labels["severity"])
                .Select(pair => (pair.Key, pair.Value))
                .Order());
        Assert.Equal([("info", 2), ("warning", 2)], book.HeldBack.CountBy(alert => alert.Labels["severity"]).Select(pair => (pair.Key, pair.Value)).Order());
        Assert.Contains(
            "and 3 of severity info. Those held back",
            firing.Single(alert => alert.Labels["alertname"] == AlertBook.HeldBackName).Annotations["description"],
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_workload_that_floods_does_not_hide_what_others_do()
    {
        var book = new AlertBook(Options with { MaxAlertsPerName = 8, MaxAlerts = 100 }, _state, Metrics());
        var flood = Enumerable.Range(0, 50).Select(i => Found with { Source = new("shop", "flood"), Destination = $"d{i}" }).ToList();
        Assert.Equal(6, book.Update(flood, Samples.Window(1)).Count(alert => alert.Labels.ContainsKey("source_workload")));
        var others = Enumerable.Range(0, 3).Select(i => Found with { Source = new("shop", $"other-{i}"), Since = Samples.Window(2).Start.AddSeconds(i + 1) });
        var firing = book.Update([.. flood, .. others, .. others.Select(other => other with { Destination = "second" })], Samples.Window(2))
            .Where(alert => alert.ResolvedAt is null);
        Assert.Equal(
            [("flood", 6), ("other-0", 1), ("other-1", 1)],
            firing.Where(alert => alert.Labels.ContainsKey("source_workload"))
                .CountBy(alert => alert.Labels["source_workload"])
                .Select(pair => (pair.Key, pair.Value))
                .Order());
    }

    [Fact]
    public void An_alert_is_written_with_both_times_and_never_ends_before_it_began()
    {
        var firing = _book.Update([Found], Samples.Window(1))[0];
        PostableAlert[] posted =
        [
            .. new[] { firing, firing with { ResolvedAt = firing.StartsAt.AddHours(-1) } }
                .Select(alert => PostableAlert.Of(alert, firing.StartsAt.AddMinutes(4))),
        ];
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(posted, PostableAlertJson.Default.PostableAlertArray));
        Assert.Equal(
            ["2026-01-01T12:00:30.000Z 2026-01-01T12:04:30.000Z", "2026-01-01T12:00:30.000Z 2026-01-01T12:00:30.000Z"],
            json.RootElement.EnumerateArray().Select(alert => $"{alert.GetProperty("startsAt")} {alert.GetProperty("endsAt")}"));
    }

    [Fact]
    public void An_alert_is_written_as_the_API_of_Alertmanager_spells_it()
    {
        var alert = new Alert(
            "",
            new SortedDictionary<string, string> { ["alertname"] = "A", ["destination"] = "é \"<b>\" \n\\" },
            new Dictionary<string, string>(),
            new DateTimeOffset(2026, 1, 1, 13, 0, 0, 7, TimeSpan.FromHours(1)).AddMicroseconds(999),
            null,
            "http://127.0.0.1/?a=b&c=d");
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(
            [PostableAlert.Of(alert, alert.StartsAt.AddMinutes(1))], PostableAlertJson.Default.PostableAlertArray));
        using var expected = JsonDocument.Parse("""
            [{"labels":{"alertname":"A","destination":"é \"<b>\" \n\\"},"annotations":{},"startsAt":"2026-01-01T12:00:00.007Z",
            "endsAt":"2026-01-01T12:01:00.007Z","generatorURL":"http://127.0.0.1/?a=b&c=d"}]
            """);
        Assert.True(JsonElement.DeepEquals(expected.RootElement, json.RootElement), json.RootElement.GetRawText());
    }

    private AlertBook Restarted()
    {
        _state.Commit();
        return new AlertBook(Options, _store.Read(), Metrics());
    }

    private static AlertMetrics Metrics() => new(new MetricRegistry());

    private static void AssertEqual(AlertBook expected, AlertBook actual)
    {
        Assert.Equal(Texts(expected.Current), Texts(actual.Current));
        Assert.Equal(Texts(expected.History), Texts(actual.History));

        static IEnumerable<string> Texts(IEnumerable<Alert> alerts) =>
            alerts.Select(alert => JsonSerializer.Serialize(alert, AlertingJson.Default.Alert)).Order(StringComparer.Ordinal);
    }
}
