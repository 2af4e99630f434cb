using System.Globalization;
using EgressAlerts.Alerting;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.IntegrationTests.Alerting;

/// <summary>Delivery to Alertmanagers, real ones and ones that misbehave.</summary>
public sealed class NotifierTests : DeliveryTests
{
    private AlertmanagerServer _good = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _good = await AlertmanagerServer.StartAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _good.DisposeAsync();
    }

    [Fact]
    public async Task An_alert_has_the_fingerprint_that_Alertmanager_gives_it_and_links_to_it()
    {
        var options = new AlertingOptions { ExternalLabels = new Dictionary<string, string> { ["team"] = "Zürich \"7\" 🚀", ["empty"] = "", ["Z"] = "z" } };
        var now = TimeProvider.System.GetUtcNow();
        var found = new Finding(
            "EgressBlocked", "warning", new Workload("shop", "cart"), "*.example.com", now, "s", "d", NameSource.Ptr, Confirmed: true, "up");
        Finding[] findings = [found, found with { Destination = "" }, found with { Source = new("", "") }];
        var book = new AlertBook(options, Store.InMemory().Read(), Metrics);
        Start(_good.Address).Publish(book.Update(findings, new Window(now.AddSeconds(-30), now)));
        var held = await Deadline.UntilAsync(
            async () => await _good.AlertsAsync("EgressBlocked") is { Count: 3 } alerts ? alerts : null, 10, "all alerts are in Alertmanager");
        Assert.Equal(
            book.Current.Select(alert => alert.Fingerprint).Order(StringComparer.Ordinal),
            held.Select(alert => alert.Fingerprint).Order(StringComparer.Ordinal));
        Assert.All(held, alert => Assert.Equal($"http://127.0.0.1:10098/alerts/{alert.Fingerprint}", alert.GeneratorUrl));
    }

    [Fact]
    public async Task One_Alertmanager_that_never_answers_keeps_nothing_from_the_other()
    {
        Bad.Answer = LoopbackServer.NeverAnswerAsync;
        Start(Bad.Address, _good.Address).Publish([.. Enumerable.Range(0, 600).Select(i => Alert($"EgressBlocked", $"d{i}"))]);
        await Deadline.UntilAsync(async () => (await _good.AlertsAsync("EgressBlocked")).Count == 600, 10, "all alerts are in the good one");
    }

    [Fact]
    public async Task An_Alertmanager_that_fails_is_tried_again_until_it_takes_the_newest_state()
    {
        var (attempts, isMended) = (0, false);
        Bad.Answer = async context =>
        {
            if (Volatile.Read(ref isMended))
            {
                await ReceiveAsync(context);
                return;
            }

            context.Response.StatusCode = Interlocked.Increment(ref attempts) % 2 == 0 ? 500 : 429;
            await context.Response.WriteAsync("the disk is full");
        };
        var notifier = Start(Bad.Address);
        var firing = Alert("EgressBlocked", "d");
        notifier.Publish([firing]);
        await UntilLoggedAsync("does not take alerts (status");
        var resolved = Resolved(firing);
        notifier.Publish([resolved]);
        var before = Volatile.Read(ref attempts);
        await UntilAsync(() => Volatile.Read(ref attempts) > before + 4, "the state after that is tried, and fails too");
        Assert.Empty(Taken);

        Volatile.Write(ref isMended, true);
        await UntilAsync(() => Taken.Count >= 3, "it arrives, and is sent again");
        Assert.All(Taken, alert => Assert.Equal(("EgressBlocked d", resolved.ResolvedAt), (alert.Text, alert.EndsAt)));
        await UntilLoggedAsync("takes alerts again");
        var told = Assert.Single(Logged.Entries, entry => entry.Contains("does not take alerts", StringComparison.Ordinal));
        Assert.Contains("the disk is full", told, StringComparison.Ordinal);
        Assert.True(Errors() >= 2);
    }

    [Fact]
    public async Task One_alert_that_is_refused_takes_no_other_with_it()
    {
        Bad.Answer = async context =>
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
        Start(Bad.Address).Publish([.. Enumerable.Range(0, 9).Select(i => Alert("EgressBlocked", i == 4 ? "bad" : $"d{i}"))]);
        await UntilAsync(() => Taken.Select(alert => alert.Text).Distinct().Count() == 8, "the eight good ones arrive");
        await UntilLoggedAsync("refused one alert EgressBlocked, the others were sent (status 400: \"invalid label set\")");
    }

    [Fact]
    public async Task What_waits_is_sent_before_the_end()
    {
        Bad.Answer = ReceiveAsync;
        var notifier = Start(Bad.Address);
        notifier.Publish([Alert("EgressBlocked", "last")]);
        await notifier.DisposeAsync();
        Assert.Contains(Taken, alert => alert.Text == "EgressBlocked last");
    }

    [Fact]
    public async Task A_real_Alertmanager_learns_of_a_resolution_also_when_it_was_away_for_it()
    {
        var notifier = Start(_good.Address);
        var firing = Alert("EgressBlocked", "d");
        notifier.Publish([firing]);
        await Deadline.UntilAsync(() => _good.AlertAsync("EgressBlocked"), 10, "the alert fires");
        await _good.StopAsync();
        notifier.Publish([Resolved(firing)]);
        await UntilAsync(() => Errors("connection") >= 1, "it could not be told");
        await _good.StartAsync();
        // A restarted Alertmanager has forgotten the alert, so its own count of what it was sent has to tell.
        await Deadline.UntilAsync(async () => await _good.ReceivedAsync("resolved") >= 1, 20, "the resolution is delivered");
        Assert.Equal(0, await _good.ReceivedAsync("firing"));
    }

    [Fact]
    public async Task A_real_Alertmanager_that_hung_for_a_while_ends_an_alert_that_resolved_meanwhile()
    {
        var notifier = Start(_good.Address);
        var firing = Alert("EgressBlocked", "d");
        notifier.Publish([firing]);
        var held = await Deadline.UntilAsync(() => _good.AlertAsync("EgressBlocked"), 10, "the alert fires");
        _good.Freeze();
        notifier.Publish([Resolved(firing)]);
        await UntilAsync(() => Self.Sum("egress_alerts_notifications_queue_length") == 0, "the resolution is under way");
        _good.Thaw();
        await Deadline.UntilAsync(async () => await _good.AlertAsync("EgressBlocked") is null, 20, "the alert has ended");
        Assert.True(TimeProvider.System.GetUtcNow() < held.EndsAt, "it ended because it resolved, not because nobody sent it any more");
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
        notifier.Publish([Resolved(alert), Alert("EgressBlocked", "other")]);
        await _good.StartAsync();
        await Deadline.UntilAsync(
            async () => (await _good.AlertsAsync("EgressBlocked")).Any(held => held.Labels["destination"] == "other"), 20, "it is sent to again");
        Assert.DoesNotContain(await _good.AlertsAsync("EgressBlocked"), held => held.Labels["destination"] == "d");
        await Deadline.UntilAsync(async () => await _good.ReceivedAsync("resolved") >= 1, 10, "it was told of the resolution too");
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
        Bad.Answer = async context =>
        {
            if (Interlocked.Increment(ref requests) <= 2 && !await AnswerAsync(context, answer)) return;
            await ReceiveAsync(context);
        };
        Start(Bad.Address).Publish([.. Enumerable.Range(0, 20).Select(i => Alert("EgressBlocked", $"d{i}"))]);
        await UntilAsync(() => Taken.Select(alert => alert.Text).Distinct().Count() == 20, "all alerts arrive");
    }

    /// <summary>Both layers of Alertmanager: one keeps what is good and says what is not, the other refuses all for one.</summary>
    [Theory]
    [InlineData(400, true)]
    [InlineData(400, false)]
    [InlineData(422, false)]
    public async Task One_bad_alert_among_many_is_found_whether_the_others_were_kept_or_not(int status, bool keepsGood)
    {
        Bad.Answer = async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            var text = await body.ReadToEndAsync();
            var isBad = text.Contains("\"bad\"", StringComparison.Ordinal);
            if (!isBad || keepsGood) Receive(text);
            if (!isBad) return;
            context.Response.StatusCode = status;
            await context.Response.WriteAsync("\"invalid label set\"");
        };
        Start(Bad.Address).Publish([.. Enumerable.Range(0, 100).Select(i => Alert("EgressBlocked", i == 77 ? "bad" : $"d{i}"))]);
        await UntilAsync(() => Taken.Select(alert => alert.Text).Distinct().Count(IsGood) == 99, "the good ones arrive");
        await UntilLoggedAsync($"refused one alert EgressBlocked, the others were sent (status {status}: \"invalid label set\")");
        Assert.True(Self.Sum("egress_alerts_notifications_dropped_total") is >= 1);

        static bool IsGood(string text) => !text.EndsWith("bad", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_credentials_are_no_alerts_fault_and_stand_in_no_log()
    {
        var requests = 0;
        Bad.Answer = context =>
        {
            Interlocked.Increment(ref requests);
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        };
        var withPassword = new UriBuilder(Bad.Address) { UserName = "admin", Password = "sesame" }.Uri;
        Start(withPassword).Publish([.. Enumerable.Range(0, 200).Select(i => Alert("EgressBlocked", $"d{i}"))]);
        await UntilAsync(() => Logged.Entries.Any(entry => entry.Contains("status 401", StringComparison.Ordinal)), "it is told");
        await UntilAsync(() => Self.Sum("egress_alerts_notifications_errors_total") >= 400, "it is tried again with the next resend");
        Assert.True(Volatile.Read(ref requests) < 20, $"{requests} requests: nobody looks for one bad alert");
        Assert.DoesNotContain(Logged.Entries, entry => entry.Contains("sesame", StringComparison.Ordinal) || entry.Contains("admin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_is_discovered_later_gets_all_that_fires_at_once_and_one_that_has_gone_nothing_more()
    {
        Bad.Answer = ReceiveAsync;
        var notifier = Start(_good.Address);
        notifier.Publish([Alert("EgressBlocked", "d")]);
        await Deadline.UntilAsync(() => _good.AlertAsync("EgressBlocked"), 10, "the alert fires");
        notifier.Use([new Alertmanager(Bad.Address, Http)]);
        await UntilAsync(() => Taken.Any(alert => alert.Text == "EgressBlocked d"), "the new one has it");
        var before = (await _good.AlertAsync("EgressBlocked"))!.UpdatedAt;
        var received = Taken.Count;
        await UntilAsync(() => Taken.Count >= received + 3, "three resends later");
        Assert.InRange((await _good.AlertAsync("EgressBlocked"))!.UpdatedAt, before, before + Resend);
        Assert.Equal(1, Self.Sum("egress_alerts_notifications_alertmanagers"));
    }

    [Fact]
    public async Task What_fires_is_sent_again_with_the_first_window_after_the_interval()
    {
        Bad.Answer = ReceiveAsync;
        var time = new HandTime();
        var notifier = Start(time, [new Alertmanager(Bad.Address, Http)], resend: TimeSpan.FromMinutes(1));
        var alert = Alert("EgressBlocked", "d");
        notifier.Publish([alert]);
        await UntilAsync(() => Taken.Count == 1, "it is sent at once");
        time.Advance(TimeSpan.FromSeconds(30));
        notifier.Publish([alert, Alert("EgressBlocked", "half a minute")]);
        await UntilAsync(() => Taken.Count == 2, "only what is new is sent");
        time.Advance(TimeSpan.FromSeconds(30));
        notifier.Publish([alert, Alert("EgressBlocked", "half a minute"), Alert("EgressBlocked", "a minute")]);
        await UntilAsync(() => Taken.Count == 5, "all are sent");
        Assert.Equal(["d", "half a minute", "d", "half a minute", "a minute"], Taken.Select(alert => alert.Text["EgressBlocked ".Length..]));
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
                await Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System); // It plays an Alertmanager that takes its time.
                return true;
            case "rubbish":
                context.Response.StatusCode = 502;
                await context.Response.WriteAsync(new string('\u0001', 100_000));
                return false;
            default:
                context.Response.StatusCode = int.Parse(answer, CultureInfo.InvariantCulture);
                return answer == "200";
        }
    }
}
