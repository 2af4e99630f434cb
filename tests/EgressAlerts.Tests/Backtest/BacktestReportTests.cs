using EgressAlerts.Backtest;

namespace EgressAlerts.Tests.Backtest;

/// <summary>The report of a small made-up run, as text and as JSON, held to the files in testdata.</summary>
public sealed class BacktestReportTests
{
    private static readonly DateTimeOffset From = new(2026, 11, 1, 6, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset To = From.AddDays(3);

    [Fact]
    public void The_text_tells_what_was_played_what_is_unknown_and_every_alert() => Assert.Equal(Golden("report.txt"), TextReport.Of(Report()));

    [Fact]
    public void The_JSON_has_all_of_it_under_stable_names() => Assert.Equal(Golden("report.json"), Report().ToJson() + "\n");

    [Fact]
    public void A_calm_run_says_so_in_one_sentence()
    {
        var calm = Report() with { Began = 0, Counts = [], Workloads = [], Alerts = [], Against = null };
        Assert.EndsWith("\nNo alert would have begun.\n", TextReport.Of(calm), StringComparison.Ordinal);
    }

    [Fact]
    public void More_alerts_than_people_read_are_counted_and_the_JSON_has_them()
    {
        var many = Enumerable.Range(0, TextReport.MaxAlerts + 3).Select(i => Alert(i, "EgressBlocked", $"w-{i}", "203.0.113.7")).ToList();
        var text = TextReport.Of(Report() with { Alerts = many, Unlisted = 5, Against = null });
        Assert.Contains("web/w-199  ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("web/w-200", text, StringComparison.Ordinal);
        Assert.EndsWith("\nand 3 more (-o json shows all)\nand 5 that are only counted, because at most 10000 are listed\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_from_the_network_begins_no_line_and_controls_no_terminal()
    {
        var alert = Alert(0, "EgressBlocked", "shop", "a") with { Summary = "one\ntwo \u001b[31m red \u202e" };
        var text = TextReport.Of(Report() with { Alerts = [alert], Warnings = ["a\r\nb"] });
        Assert.Contains("    one two  [31m red\n", text, StringComparison.Ordinal);
        Assert.Contains("Warning: a  b\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60, "")]
    [InlineData(61, "+1 -1")]
    [InlineData(-60, "")]
    public void Alerts_are_the_same_if_they_begin_within_a_window_of_each_other(int secondsLater, string expected)
    {
        var one = Alert(0, "EgressBlocked", "shop", "a");
        var compared = Comparison.Of("other", [one], [one with { Begin = one.Begin.AddSeconds(secondsLater), Summary = "differs" }], TimeSpan.FromMinutes(1));
        Assert.Equal(expected, compared.Added.Count + compared.Removed.Count == 0 ? "" : $"+{compared.Added.Count} -{compared.Removed.Count}");
    }

    [Fact]
    public void An_alert_is_another_one_if_its_severity_differs_and_each_has_one_partner_at_most()
    {
        var one = Alert(0, "EgressBlocked", "shop", "a");
        var milder = one with { Severity = "info" };
        var compared = Comparison.Of("other", [one, one with { Begin = one.Begin.AddSeconds(30) }], [one, milder], TimeSpan.FromMinutes(1));
        Assert.Equal([one.Begin.AddSeconds(30)], compared.Added.Select(alert => alert.Begin));
        Assert.Equal([milder], compared.Removed);
    }

    [Fact]
    public void A_part_of_an_hour_at_either_end_is_an_hour_of_its_day()
    {
        var coverage = Coverage.Of(From.AddMinutes(30), From.AddHours(20).AddMinutes(10), hour => hour.Hour % 2 == 0);
        Assert.Equal((21, 11), (coverage.Hours, coverage.HoursWithData));
        Assert.Equal([new(new DateOnly(2026, 11, 1), 18, 9), new(new DateOnly(2026, 11, 2), 3, 2)], coverage.Days);
    }

    private static string Golden(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Backtest", "testdata", file));

    private static PlayedAlert Alert(int minutes, string name, string workload, string destination, DateTimeOffset? end = null) => new(
        From.AddMinutes(minutes), end, name, name == "EgressBlocked" ? "critical" : "warning", "", "web", workload, destination,
        "A workload does what it should not.");

    private static BacktestReport Report()
    {
        IReadOnlyList<PlayedAlert> alerts = [Alert(5, "EgressBlocked", "shop", "203.0.113.7", From.AddMinutes(65)), Alert(3000, "EgressFanOut", "crawler", "")];
        return new(
            "new.yml",
            From,
            To,
            30,
            "http://127.0.0.1:9090/",
            1234,
            5_678_901,
            ["Names are as of now."],
            ["The server says: a note"],
            new Coverage(73, 40, [new(new(2026, 11, 1), 18, 18), new(new(2026, 11, 2), 24, 0), new(new(2026, 11, 3), 24, 16), new(new(2026, 11, 4), 7, 6)]),
            2,
            0,
            [new("EgressBlocked", "critical", new(2026, 11, 1), 1), new("EgressFanOut", "warning", new(2026, 11, 3), 1)],
            [new("web", "crawler", 1), new("web", "shop", 1)],
            alerts,
            new Comparison("running.yml", [alerts[0]], [Alert(7, "EgressUploadSpike", "mail", "storage")]));
    }
}
