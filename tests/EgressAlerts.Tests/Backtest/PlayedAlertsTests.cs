using EgressAlerts.Alerting;
using EgressAlerts.Backtest;

namespace EgressAlerts.Tests.Backtest;

public sealed class PlayedAlertsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly PlayedAlerts _alerts = new();

    [Fact]
    public void An_alert_counts_once_on_the_day_it_began_and_is_listed_as_it_was_last()
    {
        _alerts.Note([Alert("a", Noon)]);
        _alerts.Note([Alert("a", Noon, summary: "later")]);
        _alerts.Note([Alert("a", Noon, Noon.AddDays(1), "later")]);
        _alerts.Note([]);
        var alert = Assert.Single(_alerts.Listed);
        Assert.Equal((Noon, Noon.AddDays(1), "later"), (alert.Begin, alert.End, alert.Summary));
        Assert.Equal([new("EgressBlocked", "critical", new DateOnly(2026, 1, 1), 1)], _alerts.Counts);
        Assert.Equal([new("web", "a", 1)], _alerts.Workloads);
    }

    [Fact]
    public void An_alert_that_begins_again_is_another_one()
    {
        _alerts.Note([Alert("a", Noon, Noon.AddHours(1))]);
        _alerts.Note([Alert("a", Noon.AddHours(2)), Alert("b", Noon.AddHours(2))]);
        Assert.Equal([Noon, Noon.AddHours(2), Noon.AddHours(2)], _alerts.Listed.Select(alert => alert.Begin));
        Assert.Equal([new("web", "a", 2), new("web", "b", 1)], _alerts.Workloads);
        Assert.Equal(3, _alerts.Counts.Sum(count => count.Alerts));
    }

    [Fact]
    public void Alerts_beyond_the_bound_are_counted_once_and_not_listed()
    {
        var many = Enumerable.Range(0, PlayedAlerts.MaxListed + 7).Select(i => Alert($"w-{i}", Noon)).ToList();
        for (var window = 0; window < 3; window++) _alerts.Note(many);
        Assert.Equal((PlayedAlerts.MaxListed, 7), (_alerts.Listed.Count, _alerts.Unlisted));
        Assert.Equal([PlayedAlerts.MaxListed + 7], _alerts.Counts.Select(count => count.Alerts));
    }

    private static Alert Alert(string workload, DateTimeOffset begin, DateTimeOffset? end = null, string summary = "") => new(
        workload,
        new Dictionary<string, string>
        {
            ["alertname"] = "EgressBlocked",
            ["severity"] = "critical",
            ["source_workload_namespace"] = "web",
            ["source_workload"] = workload,
        },
        new Dictionary<string, string> { ["summary"] = summary },
        begin,
        end,
        "");
}
