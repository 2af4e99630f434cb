using System.Text.Json;
using EgressAlerts.Alerting;
using EgressAlerts.Tests.Web;
using EgressAlerts.Web;

namespace EgressAlerts.Tests.Host;

public sealed class AlertListTests
{
    private static readonly Alert Now = Alert("a", startsAt: 40, resolvedAt: null);
    private static readonly Alert Lately = Alert("b", startsAt: 30, resolvedAt: 50);
    private static readonly Alert Before = Alert("a", startsAt: 10, resolvedAt: 20);
    private static readonly Alert Waits = Alert("c", startsAt: 45, resolvedAt: null);

    [Theory]
    [InlineData("", "c held_back, a firing, b resolved")]
    [InlineData("?state=", "c held_back, a firing, b resolved")]
    [InlineData("?state=firing", "a firing")]
    [InlineData("?state=resolved", "b resolved")]
    [InlineData("?state=held_back", "c held_back")]
    [InlineData("?destination=b&start=", "b resolved")]
    [InlineData("?alertname=", "c held_back, a firing, b resolved")]
    [InlineData("?team=x", "")]
    [InlineData("?start=1767268800", "a firing, b resolved, a resolved")] // 2026-01-01T12:00:00Z
    [InlineData("?start=2026-01-01T12:00:20Z", "a firing, b resolved, a resolved")]
    [InlineData("?start=2026-01-01T12:00:20.001Z", "a firing, b resolved")]
    [InlineData("?start=1767268820.5&state=resolved", "b resolved")]
    [InlineData("?start=2026-01-01T13:01:00%2B01:00", "a firing")]
    [InlineData("?end=2026-01-01T12:00:09", "")]
    [InlineData("?end=2026-01-01T12:00:10Z", "a resolved")]
    [InlineData("?start=1767268825&end=1767268835", "b resolved")]
    [InlineData("?start=1767268800&end=1767268900&state=resolved&destination=a", "a resolved")]
    [InlineData("?start=1767268800&state=firing", "a firing")]
    public void Alerts_are_found_by_state_label_and_range_of_time(string query, string expected)
    {
        var (arguments, asked) = Read(query);
        Assert.Null(arguments.Complaint);
        var list = AlertList.Of(asked, [Now, Lately], [Waits], [Before, Lately, Now]);
        Assert.Equal(expected, string.Join(", ", list.Select(entry => $"{entry.Labels["destination"]} {entry.State}")));
    }

    [Theory]
    [InlineData("?state=fired", "state is none of firing, resolved, held_back.")]
    [InlineData("?nosuchlabel=x", "There is no argument 'nosuchlabel' here. Known arguments: alertname, destination, end, severity, source_cluster, ")]
    [InlineData(
        "?start=yesterday",
        "start is not an instant: write it as 2026-01-31T12:00:00Z (a + before an offset as %2B), or in seconds since 1970 such as 1769860800.")]
    [InlineData("?end=2026-01-01", "end is not an instant: ")]
    [InlineData("?end=NaN", "end is not an instant: ")]
    [InlineData("?end=Infinity", "end is not an instant: ")]
    [InlineData("?end=-1", "end is not an instant: ")]
    [InlineData("?end=99999999999999", "end is not an instant: ")]
    [InlineData("?start=1&start=2", "start is given 2 times: give it once.")]
    [InlineData("?start=2026-01-01T12:00:00+01:00", "start is not an instant: ")]
    [InlineData("?start=2&end=1", "end lies before start: exchange them.")]
    [InlineData("?start=2&state=held_back", "What is held back has not fired: leave start and end out.")]
    public void What_cannot_be_answered_is_told_with_what_to_do(string query, string expected) =>
        Assert.StartsWith(expected, Read(query).Arguments.Complaint, StringComparison.Ordinal);

    [Fact]
    public void The_address_of_an_alert_shows_each_time_that_it_fired_the_latest_first()
    {
        Assert.Equal(
            ["a firing 40", "a resolved 10"],
            AlertList.Of("a", [Waits], [Before, Lately, Now])
                .Select(entry => $"{entry.Fingerprint} {entry.State} {(entry.StartsAt - Samples.Start).TotalSeconds}"));
        Assert.Equal("held_back", Assert.Single(AlertList.Of("c", [Waits], [Before, Lately, Now])).State);
        Assert.Empty(AlertList.Of("d", [Waits], [Before, Lately, Now]));
    }

    [Fact]
    public void An_entry_has_fingerprint_start_and_end()
    {
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(AlertList.Of("b", [], [Lately]), ApiJson.Options));
        using var expected = JsonDocument.Parse("""
            [{"fingerprint":"b","state":"resolved","labels":{"destination":"b"},"annotations":{},"starts_at":"2026-01-01T12:00:30+00:00",
            "ends_at":"2026-01-01T12:00:50+00:00","resolved_at":"2026-01-01T12:00:50+00:00"}]
            """);
        Assert.True(JsonElement.DeepEquals(expected.RootElement, json.RootElement), json.RootElement.GetRawText());
    }

    private static Alert Alert(string name, int startsAt, int? resolvedAt) => new(
        name,
        new Dictionary<string, string> { ["destination"] = name },
        new Dictionary<string, string>(),
        Samples.Start.AddSeconds(startsAt),
        resolvedAt is { } at ? Samples.Start.AddSeconds(at) : null,
        "http://127.0.0.1/");

    private static (Arguments Arguments, AlertQuery Query) Read(string query)
    {
        var options = new AlertingOptions { ExternalLabels = new Dictionary<string, string> { ["team"] = "shop" } };
        var arguments = Rendered.Arguments(query);
        return (arguments, AlertQuery.Read(arguments, AlertQuery.Names([Now, Lately, Before, Waits], options)));
    }
}
