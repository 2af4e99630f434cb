using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using EgressAlerts.Alerting;
using EgressAlerts.Export;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.IntegrationTests.Alerting;

/// <summary>Delivery to Alertmanagers, real ones and ones that misbehave.</summary>
public sealed class NotifierTests : IAsyncLifetime
{
    private static readonly TimeSpan Resend = TimeSpan.FromMilliseconds(500);

    private readonly Meter _meter = new("test");
    private readonly ListLogger<Notifier> _log = new();
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly ConcurrentQueue<string> _received = new();
    private readonly SelfMetrics _self;
    private readonly AlertMetrics _metrics;
    private LoopbackServer _bad = null!;
    private AlertmanagerServer _good = null!;
    private Notifier? _notifier;

    public NotifierTests()
    {
        _self = new SelfMetrics(_meter);
        _metrics = new AlertMetrics(_meter);
    }

    public async Task InitializeAsync()
    {
        _bad = await LoopbackServer.StartAsync();
        _good = await AlertmanagerServer.StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (_notifier is not null) await _notifier.DisposeAsync();
        await _bad.DisposeAsync();
        await _good.DisposeAsync();
        _http.Dispose();
        _self.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public async Task One_Alertmanager_that_never_answers_keeps_nothing_from_the_other()
    {
        _bad.Answer = LoopbackServer.NeverAnswerAsync;
        Start(_bad.Address, _good.Address).Publish([.. Enumerable.Range(0, 600).Select(i => Alert($"EgressBlocked", $"d{i}"))]);
        await Deadline.UntilAsync(async () => (await _good.AlertsAsync("EgressBlocked")).Count == 600, 10, "all alerts are in the good one");
    }

    [Fact]
    public async Task An_Alertmanager_that_fails_is_tried_again_until_it_takes_the_newest_state()
    {
        var failures = 0;
        _bad.Answer = async context =>
        {
            if (Interlocked.Increment(ref failures) <= 6)
            {
                context.Response.StatusCode = failures % 2 == 0 ? 500 : 429;
                await context.Response.WriteAsync("the disk is full");
                return;
            }

            await ReceiveAsync(context);
        };
        var notifier = Start(_bad.Address);
        notifier.Publish([Alert("EgressBlocked", "d")]);
        notifier.Publish([Alert("EgressBlocked", "d") with { ResolvedAt = TimeProvider.System.GetUtcNow() }]);
        var last = await Deadline.UntilAsync(() => Task.FromResult(_received.LastOrDefault()), 20, "the alert arrives");
        Assert.Contains("EgressBlocked d", last, StringComparison.Ordinal);
        Assert.Contains(_log.Entries, entry => entry.Contains("does not take alerts (status", StringComparison.Ordinal) && entry.Contains("the disk is full", StringComparison.Ordinal));
        await Deadline.UntilAsync(() => Task.FromResult(_log.Entries.Any(entry => entry.Contains("takes alerts again", StringComparison.Ordinal))), 5, "its recovery is told");
        Assert.True(_self.Sum("egress_alerts_notifications_errors_total") >= 1);
    }

    [Fact]
    public async Task One_alert_that_is_refused_takes_no_other_with_it()
    {
        _bad.Answer = async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            var text = await body.ReadToEndAsync();
            if (text.Contains("\"bad\"", StringComparison.Ordinal))
            {
                context.Response.StatusCode = 400;
                await context.Response.WriteAsync("\"invalid label set\"");
                return;
            }

            Receive(text);
        };
        Start(_bad.Address).Publish([.. Enumerable.Range(0, 9).Select(i => Alert("EgressBlocked", i == 4 ? "bad" : $"d{i}"))]);
        await Deadline.UntilAsync(() => Task.FromResult(_received.Distinct().Count() == 8), 10, "the eight good ones arrive");
        Assert.Contains(_log.Entries, entry => entry.Contains("refused one alert EgressBlocked, the others were sent (status 400: \"invalid label set\")", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_waits_is_sent_before_the_end()
    {
        _bad.Answer = ReceiveAsync;
        var notifier = Start(_bad.Address);
        notifier.Publish([Alert("EgressBlocked", "last")]);
        await notifier.DisposeAsync();
        _notifier = null;
        Assert.Contains("EgressBlocked last", _received);
    }

    [Fact]
    public async Task A_real_Alertmanager_learns_of_a_resolution_also_when_it_was_away_for_it()
    {
        var notifier = Start(_good.Address);
        notifier.Publish([Alert("EgressBlocked", "d")]);
        await Deadline.UntilAsync(() => _good.AlertAsync("EgressBlocked"), 10, "the alert fires");
        await _good.StopAsync();
        notifier.Publish([Alert("EgressBlocked", "d") with { ResolvedAt = TimeProvider.System.GetUtcNow() }]);
        await _good.StartAsync();
        await Deadline.UntilAsync(() => Task.FromResult(_self.Sum("egress_alerts_notifications_sent_total") >= 2), 20, "the resolution is delivered");
        Assert.Null(await _good.AlertAsync("EgressBlocked"));
    }

    private Notifier Start(params Uri[] alertmanagers) => _notifier = new Notifier(
        [.. alertmanagers.Select(url => new Alertmanager(url, _http))],
        new AlertingOptions { ResendInterval = Resend, Interval = TimeSpan.FromSeconds(30) },
        _metrics,
        TimeProvider.System,
        _log);

    private static Alert Alert(string name, string destination) => new(
        $"{name} {destination}",
        new Dictionary<string, string> { ["alertname"] = name, ["destination"] = destination },
        new Dictionary<string, string> { ["summary"] = "s" },
        TimeProvider.System.GetUtcNow().AddSeconds(-1),
        null,
        "http://127.0.0.1/");

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new StreamReader(context.Request.Body);
        Receive(await body.ReadToEndAsync());
    }

    private void Receive(string text)
    {
        using var alerts = JsonDocument.Parse(text);
        foreach (var alert in alerts.RootElement.EnumerateArray())
            _received.Enqueue($"{alert.GetProperty("labels").GetProperty("alertname")} {alert.GetProperty("labels").GetProperty("destination")}");
    }
}
