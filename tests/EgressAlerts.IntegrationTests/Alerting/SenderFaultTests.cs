using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.IntegrationTests.Alerting;

/// <summary>Faults on the way to an Alertmanager: the sender outlives each, counts it, says it once and tries again.</summary>
public sealed class SenderFaultTests : DeliveryTests
{
    public static TheoryData<string, Exception> Faults() => new()
    {
        { "unexpected", new FormatException("the format of the value is invalid") },
        { "unexpected", new UnauthorizedAccessException("access to the path is denied") },
        { "unexpected", new OperationCanceledException("by nobody") },
        { "connection", new IOException("the disk is on fire") },
        { "credentials", new HttpRequestException(HttpRequestError.UserAuthenticationError, "the file cannot be read") },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whatever_a_request_throws_is_counted_by_reason_told_once_and_tried_again(string reason, Exception fault)
    {
        Bad.Answer = ReceiveAsync;
        using var handler = new FaultyHandler { Fault = fault };
        using var http = HttpClients.Over(handler);
        var notifier = Start(TimeProvider.System, [new Alertmanager(Bad.Address, http)]);
        notifier.Publish([Alert("EgressBlocked", "d")]);
        await UntilAsync(() => Errors(reason) >= 3, $"it is tried again with each resend: {string.Join('\n', Logged.Entries)}");
        Assert.Equal(Errors(), Errors(reason));
        var told = Assert.Single(Logged.Entries, entry => entry.StartsWith("Error", StringComparison.Ordinal));
        Assert.Contains($"does not take alerts ({reason}: ", told, StringComparison.Ordinal);
        Assert.Contains(fault.Message, told, StringComparison.Ordinal);

        var failing = Assert.Single(notifier.Alertmanagers);
        Assert.Equal((true, null), (failing.IsFailing, failing.LastSuccess));
        Assert.StartsWith($"{reason}: ", failing.LastError, StringComparison.Ordinal);

        handler.Fault = null;
        await UntilAsync(() => Taken.Any(alert => alert.Text == "EgressBlocked d"), "it arrives when nothing is wrong any more");
        await UntilLoggedAsync("takes alerts again");
        Assert.False(Assert.Single(notifier.Alertmanagers).IsFailing);
        Assert.Equal(0, Self.Sum("egress_alerts_notifications_queue_length"));
    }

    [Fact]
    public async Task An_Alertmanager_whose_certificate_is_not_trusted_is_told_with_what_to_do()
    {
        using var root = Authority.Root("our root");
        await using var server = await TlsServer.StartAsync(root.Issue("server"));
        var notifier = Start(server.Address);
        notifier.Publish([Alert("EgressBlocked", "d")]);
        await UntilAsync(() => Errors("connection") > 0, $"it is told: {string.Join('\n', Logged.Entries)}");
        Assert.EndsWith(": set ca_file or server_name in its tls_config", Assert.Single(notifier.Alertmanagers).LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sender_that_only_meets_faults_holds_up_neither_the_other_nor_a_change_of_Alertmanagers_nor_the_end()
    {
        Bad.Answer = ReceiveAsync;
        using var handler = new FaultyHandler { Fault = new FormatException("bad") };
        using var http = HttpClients.Over(handler);
        var faulty = new Alertmanager(new Uri("http://127.0.0.1:9/"), http);
        var notifier = Start(TimeProvider.System, [faulty, new Alertmanager(Bad.Address, Http)]);
        notifier.Publish([Alert("EgressBlocked", "d")]);
        await UntilAsync(() => Taken.Count > 0, "the other one has it");
        notifier.Use([new Alertmanager(Bad.Address, Http)]);
        notifier.Use([faulty]);
        await notifier.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, Self.Sum("egress_alerts_notifications_alertmanagers"));
    }

    /// <summary>The first request hangs until the notifier stops; what was under way with it is older than what waits.</summary>
    [Fact]
    public async Task What_is_under_way_at_the_end_never_takes_the_place_of_a_newer_state()
    {
        var requests = 0;
        Bad.Answer = context => Interlocked.Increment(ref requests) == 1 ? LoopbackServer.NeverAnswerAsync(context) : ReceiveAsync(context);
        var notifier = Start(TimeProvider.System, [new Alertmanager(Bad.Address, Http)], resend: TimeSpan.FromMinutes(1));
        var (first, second) = (Alert("EgressBlocked", "first"), Alert("EgressBlocked", "second"));
        notifier.Publish([first, second]);
        await UntilAsync(() => Volatile.Read(ref requests) == 1, "both are under way");
        var resolved = Resolved(first);
        notifier.Publish([resolved, second]);
        await notifier.DisposeAsync();
        Assert.Equal(["EgressBlocked first", "EgressBlocked second"], Taken.Select(alert => alert.Text).Order());
        Assert.Equal(resolved.ResolvedAt, Taken.Single(alert => alert.Text == "EgressBlocked first").EndsAt);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_busy_Alertmanager_is_sent_to_again_after_the_time_that_it_names(int status)
    {
        var asked = new List<long>();
        Bad.Answer = context =>
        {
            asked.Add(TimeProvider.System.GetTimestamp());
            if (asked.Count > 2) return ReceiveAsync(context);
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        };
        Start(TimeProvider.System, [new Alertmanager(Bad.Address, Http)], resend: TimeSpan.FromMinutes(10)).Publish([Alert("EgressBlocked", "d")]);
        await UntilAsync(() => Taken.Count == 1, "it arrives with the third attempt");
        Assert.InRange(TimeProvider.System.GetElapsedTime(asked[0], asked[1]).TotalSeconds, 0.99, 10);
        Assert.InRange(TimeProvider.System.GetElapsedTime(asked[1], asked[2]).TotalSeconds, 0.99, 10);
        Assert.Equal(0, Errors());
    }

    [Fact]
    public async Task A_request_names_its_length_because_some_proxies_let_no_other_pass()
    {
        Bad.Answer = context =>
        {
            if (context.Request.ContentLength > 0) return ReceiveAsync(context);
            context.Response.StatusCode = 411;
            return Task.CompletedTask;
        };
        Start(Bad.Address).Publish([Alert("EgressBlocked", "d")]);
        await UntilAsync(() => Taken.Count > 0, "it arrives");
        Assert.Equal(0, Errors());
    }

    [Theory]
    [InlineData("no answer")]
    [InlineData("half an answer")]
    public async Task A_request_that_takes_longer_than_10_s_is_tried_four_times_and_counted_as_a_timeout(string fault)
    {
        var requests = 0;
        Bad.Answer = async context =>
        {
            Interlocked.Increment(ref requests);
            context.Response.StatusCode = 400;
            if (fault == "half an answer") await context.Response.WriteAsync("\"invalid");
            if (fault == "half an answer") await context.Response.Body.FlushAsync();
            await LoopbackServer.NeverAnswerAsync(context);
        };
        var time = new HandTime(timers: true);
        Start(time, [new Alertmanager(Bad.Address, Http)], resend: TimeSpan.FromHours(1)).Publish([Alert("EgressBlocked", "d")]);
        await UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(0.5)); // A request has a second of real time to arrive before it is given up.
                return Errors("timeout") == 1;
            },
            "time is up");
        Assert.Equal(4, requests);
        Assert.Equal(1, Errors());
        await UntilLoggedAsync("does not take alerts (timeout: no answer within 10 s)");
    }

    public static TheoryData<string, string, string, string> Answers() => new()
    {
        {
            "html",
            "200",
            "text/html; charset=utf-8",
            "answered with HTML: is alertmanagers.url an Alertmanager, with the right path prefix? The answer begins with '<h1>Sign in"
        },
        { "redirect", "302", "http://login.example.com/sign-in?token=secret", "a redirect to http://login.example.com/sign-in: that is a login page, or" },
        { "redirect", "307", "/elsewhere?token=secret", "a redirect to http://127.0.0.1:" },
        { "status", "401", "text/plain", "set basic_auth or authorization" },
        { "status", "403", "text/plain", "set basic_auth or authorization" },
        { "status", "404", "text/plain", "is the path prefix right" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task An_answer_that_is_no_Alertmanagers_is_an_error_that_says_what_to_do(string reason, string status, string header, string hint)
    {
        Bad.Answer = context =>
        {
            context.Response.StatusCode = int.Parse(status, System.Globalization.CultureInfo.InvariantCulture);
            if (reason == "redirect") context.Response.Headers.Location = header;
            else context.Response.ContentType = header;
            return context.Response.WriteAsync("<h1>Sign in</h1>");
        };
        Start(Bad.Address).Publish([.. Enumerable.Range(0, 20).Select(i => Alert("EgressBlocked", $"d{i}"))]);
        await UntilLoggedAsync($"does not take alerts ({reason}: status {status}");
        var told = Assert.Single(Logged.Entries, entry => entry.StartsWith("Error", StringComparison.Ordinal));
        Assert.Contains(hint, told, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", told, StringComparison.Ordinal);
        await UntilAsync(() => Errors(reason) >= 40, "all are counted, and sent again");
        Assert.Equal(0, Self.Sum("egress_alerts_notifications_sent_total"));
    }

    /// <summary>Throws what no real server can make a client throw.</summary>
    private sealed class FaultyHandler : DelegatingHandler
    {
        private volatile Exception? _fault;

        public FaultyHandler()
            : base(new SocketsHttpHandler())
        {
        }

        public Exception? Fault
        {
            get => _fault;
            set => _fault = value;
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            _fault is { } fault ? Task.FromException<HttpResponseMessage>(fault) : base.SendAsync(request, cancellationToken);
    }
}
