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

    [Fact]
    public async Task A_real_Alertmanager_that_is_a_black_hole_keeps_nothing_from_the_other_and_gets_all_when_it_is_none_any_more()
    {
        await using var hole = await AlertmanagerServer.StartAsync();
        hole.Freeze();
        Start(hole.Address, _good.Address).Publish([.. Enumerable.Range(0, 300).Select(i => Alert("EgressBlocked", $"d{i}"))]);
        var started = TimeProvider.System.GetTimestamp();
        await Deadline.UntilAsync(async () => (await _good.AlertsAsync("EgressBlocked")).Count == 300, 10, "all alerts are in the good one");
        // Far less than the 10 s for which the black hole is waited for: it was not waited for.
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(8));
        hole.Thaw();
        await Deadline.UntilAsync(async () => (await hole.AlertsAsync("EgressBlocked")).Count == 300, 20, "and in the other");
    }

    [Fact]
    public async Task A_real_Alertmanager_that_is_killed_between_firing_and_resolution_learns_of_the_resolution()
    {
        var notifier = Start(_good.Address);
        var alert = Alert("EgressBlocked", "d");
        notifier.Publish([alert]);
        await Deadline.UntilAsync(() => _good.AlertAsync("EgressBlocked"), 10, "the alert fires");
        await _good.KillAsync();
        notifier.Publish([alert with { ResolvedAt = TimeProvider.System.GetUtcNow() }, Alert("EgressBlocked", "other")]);
        await _good.StartAsync();
        await Deadline.UntilAsync(async () => (await _good.AlertsAsync("EgressBlocked")).Any(held => held.Labels["destination"] == "other"), 20, "it is sent to again");
        Assert.DoesNotContain(await _good.AlertsAsync("EgressBlocked"), held => held.Labels["destination"] == "d");
        Assert.True(_self.Sum("egress_alerts_notifications_sent_total") >= 3);
    }

    /// <summary>What an Alertmanager may answer to the first requests, before it takes all.</summary>
    [Theory]
    [InlineData("200")]
    [InlineData("429")]
    [InlineData("500")]
    [InlineData("503")]
    [InlineData("cut off")]
    [InlineData("slow")]
    [InlineData("rubbish")]
    public async Task Whatever_it_answers_first_every_alert_arrives_in_the_end(string answer)
    {
        var requests = 0;
        _bad.Answer = async context =>
        {
            if (Interlocked.Increment(ref requests) <= 2 && !await AnswerAsync(context, answer)) return;
            await ReceiveAsync(context);
        };
        Start(_bad.Address).Publish([.. Enumerable.Range(0, 20).Select(i => Alert("EgressBlocked", $"d{i}"))]);
        await Deadline.UntilAsync(() => Task.FromResult(_received.Distinct().Count() == 20), 20, "all alerts arrive");
    }

    /// <summary>Both layers of Alertmanager: one keeps what is good and says what is not, the other refuses all for one.</summary>
    [Theory]
    [InlineData(400, true)]
    [InlineData(400, false)]
    [InlineData(422, false)]
    public async Task One_bad_alert_among_many_is_found_whether_the_others_were_kept_or_not(int status, bool keepsGood)
    {
        _bad.Answer = async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            var text = await body.ReadToEndAsync();
            var isBad = text.Contains("\"bad\"", StringComparison.Ordinal);
            if (!isBad || keepsGood) Receive(text);
            if (!isBad) return;
            context.Response.StatusCode = status;
            await context.Response.WriteAsync("\"invalid label set\"");
        };
        Start(_bad.Address).Publish([.. Enumerable.Range(0, 100).Select(i => Alert("EgressBlocked", i == 77 ? "bad" : $"d{i}"))]);
        await Deadline.UntilAsync(() => Task.FromResult(_received.Distinct().Count(text => !text.EndsWith("bad", StringComparison.Ordinal)) == 99), 20, "the good ones arrive");
        await Deadline.UntilAsync(
            () => Task.FromResult(_log.Entries.Any(entry => entry.Contains($"refused one alert EgressBlocked, the others were sent (status {status}: \"invalid label set\")", StringComparison.Ordinal))), 10, "the bad one is named");
        Assert.True(_self.Sum("egress_alerts_notifications_dropped_total") is >= 1);
    }

    [Fact]
    public async Task Wrong_credentials_are_no_alerts_fault_and_stand_in_no_log()
    {
        var requests = 0;
        _bad.Answer = context =>
        {
            Interlocked.Increment(ref requests);
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        };
        var withPassword = new UriBuilder(_bad.Address) { UserName = "admin", Password = "sesame" }.Uri;
        Start(withPassword).Publish([.. Enumerable.Range(0, 200).Select(i => Alert("EgressBlocked", $"d{i}"))]);
        await Deadline.UntilAsync(() => Task.FromResult(_log.Entries.Any(entry => entry.Contains("status 401", StringComparison.Ordinal))), 10, "it is told");
        await Deadline.UntilAsync(() => Task.FromResult(_self.Sum("egress_alerts_notifications_errors_total") >= 400), 10, "it is tried again with the next resend");
        Assert.True(Volatile.Read(ref requests) < 20, $"{requests} requests: nobody looks for one bad alert");
        Assert.DoesNotContain(_log.Entries, entry => entry.Contains("sesame", StringComparison.Ordinal) || entry.Contains("admin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_is_discovered_later_gets_all_that_fires_at_once_and_one_that_has_gone_nothing_more()
    {
        _bad.Answer = ReceiveAsync;
        var notifier = Start(_good.Address);
        notifier.Publish([Alert("EgressBlocked", "d")]);
        await Deadline.UntilAsync(() => _good.AlertAsync("EgressBlocked"), 10, "the alert fires");
        notifier.Use([new Alertmanager(_bad.Address, _http)]);
        await Deadline.UntilAsync(() => Task.FromResult(_received.Contains("EgressBlocked d")), 10, "the new one has it");
        var before = (await _good.AlertAsync("EgressBlocked"))!.UpdatedAt;
        var received = _received.Count;
        await Deadline.UntilAsync(() => Task.FromResult(_received.Count >= received + 3), 10, "three resends later");
        Assert.InRange((await _good.AlertAsync("EgressBlocked"))!.UpdatedAt, before, before + Resend);
        Assert.Equal(1, _self.Sum("egress_alerts_notifications_alertmanagers"));
    }

    [Fact]
    public async Task What_fires_is_sent_again_with_the_first_window_after_the_interval()
    {
        _bad.Answer = ReceiveAsync;
        var time = new HandTime();
        _notifier = new Notifier(new AlertingOptions { ResendInterval = TimeSpan.FromMinutes(1), Interval = TimeSpan.FromSeconds(30) }, _metrics, time, _log);
        _notifier.Use([new Alertmanager(_bad.Address, _http)]);
        var alert = Alert("EgressBlocked", "d");
        _notifier.Publish([alert]);
        await Deadline.UntilAsync(() => Task.FromResult(_received.Count == 1), 10, "it is sent at once");
        time.Advance(TimeSpan.FromSeconds(30));
        _notifier.Publish([alert, Alert("EgressBlocked", "half a minute")]);
        await Deadline.UntilAsync(() => Task.FromResult(_received.Count == 2), 10, "only what is new is sent");
        time.Advance(TimeSpan.FromSeconds(30));
        _notifier.Publish([alert, Alert("EgressBlocked", "half a minute"), Alert("EgressBlocked", "a minute")]);
        await Deadline.UntilAsync(() => Task.FromResult(_received.Count == 5), 10, "all are sent");
        Assert.Equal(["d", "half a minute", "d", "half a minute", "a minute"], _received.Select(text => text["EgressBlocked ".Length..]));
    }

    private static async Task<bool> AnswerAsync(HttpContext context, string answer)
    {
        switch (answer)
        {
            case "cut off":
                context.Response.ContentLength = 100;
                context.Response.StatusCode = 500;
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                context.Abort();
                return false;
            case "slow":
                await Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System);
                return true;
            case "rubbish":
                context.Response.StatusCode = 502;
                await context.Response.WriteAsync(new string('\u0001', 100_000));
                return false;
            default:
                context.Response.StatusCode = int.Parse(answer, System.Globalization.CultureInfo.InvariantCulture);
                return answer == "200";
        }
    }

    private Notifier Start(params Uri[] alertmanagers)
    {
        _notifier = new Notifier(new AlertingOptions { ResendInterval = Resend, Interval = TimeSpan.FromSeconds(30) }, _metrics, TimeProvider.System, _log);
        _notifier.Use([.. alertmanagers.Select(url => new Alertmanager(url, _http))]);
        return _notifier;
    }

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
