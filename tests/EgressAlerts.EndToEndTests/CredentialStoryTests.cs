using System.Collections.Concurrent;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.EndToEndTests;

/// <summary>The built program whose credentials are wrong, late or in the wrong place.</summary>
public sealed class CredentialStoryTests : IAsyncLifetime
{
    private const string Nothing = """{"status":"success","data":{"resultType":"vector","result":[]}}""";

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _authorizations = new();
    private LoopbackServer _prometheus = null!;
    private LoopbackServer _alertmanager = null!;

    public async Task InitializeAsync()
    {
        _prometheus = await LoopbackServer.StartAsync();
        _prometheus.Answer = context =>
        {
            _authorizations.Enqueue(context.Request.Headers.Authorization.ToString());
            return context.Response.WriteAsync(Nothing);
        };
        _alertmanager = await LoopbackServer.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _alertmanager.DisposeAsync();
        await _prometheus.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_secret_file_that_comes_late_is_told_and_counted_and_alerts_arrive_when_it_is_there_without_a_reload()
    {
        var received = new ConcurrentQueue<string>();
        _alertmanager.Answer = async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            received.Enqueue($"{context.Request.Headers.Authorization} {await body.ReadToEndAsync()}");
        };
        var file = _folder.File("token");
        await using var service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{_prometheus.Address}}', interval: 1s, delay: 0s }
            alerting:
              alertmanagers: [{ url: '{{_alertmanager.Address}}', authorization: { credentials_file: '{{file}}' } }]
              resend_interval: 1s
            """);
        await service.StartAsync();
        await Deadline.UntilAsync(
            async () => await SumAsync(service, "egress_alerts_notifications_errors_total", "credentials") >= 3, 60, $"it is counted:\n{service.Output}");
        Assert.Equal(0, await SumAsync(service, "egress_alerts_notifications_queue_length"));
        using (var reloaded = await service.PostAsync("-/reload").WaitAsync(TimeSpan.FromSeconds(30))) Assert.Equal(200, (int)reloaded.StatusCode);
        // Once by the senders before the reload and once by those after it.
        await Deadline.UntilAsync(() => Count(service.Output, "does not take alerts") == 2, 30, $"it is told:\n{service.Output}");
        Assert.Equal(2, Count(service.Output, $"(credentials: authorization.credentials_file cannot be read: Could not find file '{file}'.)"));

        _folder.Write("token", "s3cret\n");
        await Deadline.UntilAsync(() => received.Any(IsWatchdog), 30, "alerts arrive");
        await service.Process.UntilWrittenAsync("takes alerts again", 10);
        Assert.Equal(0, await SumAsync(service, "egress_alerts_pass_crashes_total"));
        Assert.Equal(0, await service.StopAsync());
        Assert.DoesNotContain("s3cret", service.Output, StringComparison.Ordinal);

        static bool IsWatchdog(string post) =>
            post.StartsWith("Bearer s3cret ", StringComparison.Ordinal) && post.Contains("EgressAlertsWatchdog", StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_authorization_type_that_is_no_scheme_ends_the_start_with_one_line()
    {
        var file = _folder.Write(
            "a.yml", "alerting:\n  alertmanagers:\n    - url: http://127.0.0.1:9\n      authorization: {type: Bea rer, credentials: s3cret}\n");
        var output = await Tool.OutputAsync(
            "dotnet",
            [EgressAlertsProcess.Program, $"--config.file={file}", $"--storage.path={_folder.File("data")}", "--web.listen-address=127.0.0.1:0"],
            exitCode: 1);
        Assert.StartsWith(
            $"{file}:4: alerting.alertmanagers[0].authorization.type is no scheme such as Bearer",
            Assert.Single(output.TrimEnd().Split('\n')),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_in_the_url_of_Prometheus_reaches_Prometheus_and_nobody_else()
    {
        var url = $"http://user:s3cret@{_prometheus.Address.Authority}/?token=s3cret";
        await using var service = new EgressAlertsProcess($"prometheus: {{url: '{url}', interval: 1s, delay: 0s}}\nalerting: {{alertmanagers: []}}");
        await service.StartAsync();
        await Deadline.UntilAsync(() => _authorizations.Contains("Basic dXNlcjpzM2NyZXQ="), 30, "it reaches Prometheus");
        await _prometheus.DisposeAsync();
        var failure = await Deadline.UntilAsync(
            async () => (await service.GetAsync("api/v1/status")).GetProperty("failure").GetString() is { Length: > 0 } text ? text : null,
            30,
            "a failure is shown");
        Assert.Contains(_prometheus.Address.Authority, failure, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", $"{await service.GetAsync("api/v1/status")}", StringComparison.Ordinal);
        await service.StopAsync();
        Assert.Contains("no complete answer from Prometheus", service.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", service.Output, StringComparison.Ordinal);
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static async Task<double> SumAsync(EgressAlertsProcess service, string name, string? reason = null) =>
        (await service.MetricsAsync()).Where(sample => sample.Name == name && (reason is null || sample["reason"] == reason)).Sum(sample => sample.Value);
}
