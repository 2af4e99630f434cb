using System.Diagnostics.Metrics;
using System.Text.Json;
using EgressAlerts.Alerting;
using EgressAlerts.Model;

namespace EgressAlerts.Tests.Alerting;

public sealed class AlertBookTests
{
    private static readonly AlertingOptions Options = new() { ExternalLabels = new Dictionary<string, string> { ["cluster"] = "a", ["severity"] = "never" } };
    private static readonly Finding Found = new("EgressBlocked", "warning", Samples.Cart, "x.example.com", Samples.Window(1).End, "s", "d", NameSource.Ptr, Confirmed: true, "up");

    private readonly AlertBook _book = new(Options, new AlertMetrics(new Meter("test")));

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
    public void Labels_are_the_identity_and_external_ones_override_nothing() => Assert.Equal(
        "alertname=EgressBlocked cluster=a destination=x.example.com severity=warning source_workload=cart source_workload_namespace=shop",
        string.Join(' ', _book.Update([Found], Samples.Window(1))[0].Labels.Select(label => $"{label.Key}={label.Value}")));

    [Fact]
    public void Alerts_and_their_starts_survive_a_restart()
    {
        _book.Update([Found, Found with { Destination = "y.example.com" }], Samples.Window(1));
        _book.Update([Found], Samples.Window(2));
        var copy = Samples.Copied(new AlertBook(Options, new AlertMetrics(new Meter("test"))), _book.Save, (empty, from) => empty.Load(from));
        Assert.Equal(
            _book.Current.Select(alert => (alert.Fingerprint, alert.StartsAt, alert.ResolvedAt, alert.GeneratorUrl)),
            copy.Current.Select(alert => (alert.Fingerprint, alert.StartsAt, alert.ResolvedAt, alert.GeneratorUrl)));
        Assert.Equal(Samples.Window(1).End, copy.Update([Found], Samples.Window(3))[0].StartsAt);
    }

    [Fact]
    public void An_alert_is_written_with_both_times_and_never_ends_before_it_began()
    {
        var firing = _book.Update([Found], Samples.Window(1))[0];
        using var json = JsonDocument.Parse(AlertJson.Write([firing, firing with { ResolvedAt = firing.StartsAt.AddHours(-1) }], firing.StartsAt.AddMinutes(4)));
        Assert.Equal(
            ["2026-01-01T12:00:30.000Z 2026-01-01T12:04:30.000Z", "2026-01-01T12:00:30.000Z 2026-01-01T12:00:30.000Z"],
            json.RootElement.EnumerateArray().Select(alert => $"{alert.GetProperty("startsAt")} {alert.GetProperty("endsAt")}"));
    }
}
