using EgressAlerts.Alerting;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Alerting;

/// <summary>What is exposed about each Alertmanager, and for how long.</summary>
public sealed class AlertSeriesTests : DeliveryTests
{
    [Fact]
    public async Task All_series_of_an_Alertmanager_end_with_it_and_begin_anew_when_it_is_back()
    {
        Bad.Answer = ReceiveAsync;
        var notifier = Start(Bad.Address);
        notifier.Publish([Alert("EgressBlocked", "d")]);
        await UntilAsync(() => Self.Sum("egress_alerts_notifications_sent_total", Name) >= 1, "it is sent");
        Assert.True(SeriesAbout(Name) >= 5);

        notifier.Use([]);
        await UntilAsync(() => SeriesAbout(Name) == 0, "nothing is said about it any more");

        notifier.Use([new Alertmanager(Bad.Address, Http)]);
        await UntilAsync(() => Self.Sum("egress_alerts_notifications_sent_total", Name) >= 1, "it is sent what fires, and counted again");
    }

    [Fact]
    public async Task A_hundred_Alertmanagers_that_come_and_go_leave_no_series_behind()
    {
        var notifier = Start();
        notifier.Publish([Alert("EgressBlocked", "d")]);
        for (var port = 1; port <= 100; port++) notifier.Use([new Alertmanager(new Uri($"http://127.0.0.1:{port}/"), Http)]);
        notifier.Use([]);
        await UntilAsync(() => Self.Samples().All(sample => !sample.Labels.ContainsKey("alertmanager")), "all are gone");
    }

    [Fact]
    public async Task A_notifier_that_replaces_another_as_a_reload_does_keeps_the_series_of_the_Alertmanagers_that_both_know()
    {
        Bad.Answer = ReceiveAsync;
        var old = new Notifier(new AlertingOptions { ResendInterval = Resend }, Metrics, TimeProvider.System, Logged);
        old.Start();
        old.Use([new Alertmanager(Bad.Address, Http)]);
        Start(Bad.Address);
        await old.DisposeAsync();
        Assert.Equal(1, Self.Sum("egress_alerts_notifications_alertmanagers"));
        Assert.Contains(Self.Samples(), sample => sample.Name == "egress_alerts_notifications_queue_length" && sample["alertmanager"] == Name);
        Assert.Contains(Self.Samples(), sample => sample.Name == "egress_alerts_notifications_sent_total" && sample["alertmanager"] == Name);
    }

    private string Name => Bad.Address.AbsoluteUri;

    private int SeriesAbout(string alertmanager) => Self.Samples().Count(sample => sample["alertmanager"] == alertmanager);
}
