using EgressAlerts.Configuration;
using EgressAlerts.Doctor;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.IntegrationTests.Doctor;

/// <summary>Servers, name servers, Alertmanagers and files that are broken in one way each, and a set-up in which all is well.</summary>
public sealed class ServerSetUpTests : IDisposable
{
    private const string Nothing = """{"status":"success","data":{"resultType":"vector","result":[]}}""";
    private const string RootServer = "0.41.198.in-addr.arpa";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_healthy_set_up_is_OK_in_every_check()
    {
        var mesh = MeshHistory.Healthy().Up("egress-alerts", 10098);
        var now = TimeProvider.System.GetUtcNow();
        foreach (var name in (string[])["egress_alerts_windows_total", "egress_alerts_raw_series"])
            mesh.Add(name, "job=\"egress-alerts\",instance=\"egress-alerts-0\"");
        mesh.Add("egress_alerts_last_window_end_timestamp_seconds", "job=\"egress-alerts\",instance=\"egress-alerts-0\"", now.ToUnixTimeSeconds() + 200);
        await using var prometheus = await PrometheusServer.OnSamplesAsync(
            _folder.Write("samples.txt", mesh.Write(now)), config: $"rule_files: ['{Repository.File("alerts", "egress-alerts.rules.yml")}']\n");
        await using var alertmanager = await AlertmanagerServer.StartAsync();
        await using var dns = await BindServer.StartAsync((RootServer, "4 PTR a.root-servers.net."));
        var suffixes = _folder.Write("suffixes.dat", "// ===BEGIN ICANN DOMAINS===\ncom\n// ===END ICANN DOMAINS===\n");
        var checks = await RunAsync($$"""
            prometheus: {url: '{{prometheus.Address}}'}
            dns: {servers: ['{{dns.Endpoint}}']}
            destinations: {public_suffix_list: '{{suffixes}}', network_files: ['{{_folder.Write("networks.csv", "192.0.2.0/24,backup\n")}}']}
            detection: {threat_listed: {lists: [{name: drop, file: '{{_folder.Write("drop.txt", "203.0.113.0/24\n")}}'}] } }
            alerting: {external_url: 'https://egress-alerts.example.com', alertmanagers: [{url: '{{alertmanager.Address}}'}]}
            """);
        Assert.Equal([], checks.Where(check => check.Result != CheckResult.Ok).Select(check => $"{check.Code}: {check.Message}"));
        Assert.Equal(DoctorRun.Kinds.Select(kind => kind.Code), checks.Select(check => check.Code).Distinct());
    }

    [Fact]
    public async Task VictoriaMetrics_is_recognised_and_understands_every_question()
    {
        var samples = _folder.Write("samples.txt", MeshHistory.Healthy().Write(TimeProvider.System.GetUtcNow(), isOpenMetrics: false));
        await using var store = await PrometheusServer.OnImportAsync(samples);
        var checks = await RunAsync($"prometheus: {{url: '{store.Address}'}}\n", "prometheus", "telemetry");
        Assert.Equal([], checks.Where(check => check.Result != CheckResult.Ok).Select(check => $"{check.Code}: {check.Message}"));
        Assert.Contains("VictoriaMetrics", Assert.Single(checks, check => check.Code == "server_kind").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "authorization: {credentials_file: /etc/egress-alerts/token}")]
    [InlineData(403, "basic_auth")]
    [InlineData(404, "/prometheus'}")]
    [InlineData(302, "the address behind the login page")]
    [InlineData(200, "with the path prefix")]
    public async Task A_query_API_that_does_not_answer_is_told_with_what_mends_it(int status, string remedy)
    {
        await using var server = await LoopbackServer.StartAsync();
        server.Answer = Text(status, "<html>no</html>");
        var checks = await RunAsync($"prometheus: {{url: '{server.Address}'}}\n", "prometheus", "telemetry", "service");
        var failed = Assert.Single(checks, check => check.Code == "query_api");
        Assert.Equal(CheckResult.Fail, failed.Result);
        Assert.Contains(remedy, failed.Remedy, StringComparison.Ordinal);

        // What nobody could look at is no success.
        Assert.All(checks.Where(check => check.Code is not "external_url"), check => Assert.Equal(CheckResult.Fail, check.Result));
    }

    [Fact]
    public async Task A_name_that_nobody_knows_is_told_as_such()
    {
        var checks = await RunAsync("prometheus: {url: 'http://no-such-host.invalid:9090'}\n", "prometheus");
        Assert.Contains("getent hosts no-such-host.invalid", Assert.Single(checks, check => check.Code == "query_api").Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_waited_for_as_long_as_the_configuration_says_and_no_longer()
    {
        await using var server = await LoopbackServer.StartAsync();
        server.Answer = LoopbackServer.NeverAnswerAsync;
        var checks = await RunAsync($"prometheus: {{url: '{server.Address}', timeout: 1s}}\n", "prometheus", "telemetry");
        Assert.Equal(ServerChecks.Kinds.Count + TelemetryChecks.Kinds.Count, checks.Count);
        Assert.All(checks, check => Assert.Equal(CheckResult.Fail, check.Result));
        Assert.Contains("prometheus.timeout (1 s)", Assert.Single(checks, check => check.Code == "query_api").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-60, CheckResult.Fail, "ahead of")]
    [InlineData(-8, CheckResult.Warn, "ahead of")]
    [InlineData(60, CheckResult.Warn, "behind")]
    public async Task A_clock_that_is_wrong_is_found_and_hides_nothing_else(int seconds, CheckResult result, string message)
    {
        await using var server = await LoopbackServer.StartAsync();
        server.Answer = context =>
        {
            context.Response.Headers.Date = TimeProvider.System.GetUtcNow().AddSeconds(seconds).ToString("R");
            return context.Response.WriteAsync(Nothing);
        };
        var checks = await RunAsync($"prometheus: {{url: '{server.Address}'}}\n", "prometheus");
        Assert.Equal(CheckResult.Ok, Assert.Single(checks, check => check.Code == "query_api").Result);
        var clocks = Assert.Single(checks, check => check.Code == "clocks");
        Assert.Equal(result, clocks.Result);
        Assert.Contains(message, clocks.Message, StringComparison.Ordinal);
        Assert.Contains("timedatectl set-ntp true", clocks.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shard_is_told_from_a_whole_Prometheus()
    {
        const string Config = """
            scrape_configs:
              - job_name: envoy-stats
                relabel_configs:
                  - {source_labels: [__address__], modulus: 4, target_label: __tmp_hash, action: hashmod}
                  - {source_labels: [__tmp_hash], regex: 1, action: keep}
            """;
        var samples = _folder.Write("samples.txt", MeshHistory.Healthy().Write(TimeProvider.System.GetUtcNow()));
        await using var prometheus = await PrometheusServer.OnSamplesAsync(samples, config: Config);
        var shards = Assert.Single(await RunAsync($"prometheus: {{url: '{prometheus.Address}'}}\n", "telemetry"), check => check.Code == "shards");
        Assert.Equal(CheckResult.Warn, shards.Result);
        Assert.Contains("one of 4 shards", shards.Message, StringComparison.Ordinal);
        Assert.Contains("THANOS-QUERY", shards.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_nobody_watches_is_found()
    {
        var samples = _folder.Write("samples.txt", MeshHistory.Healthy().Write(TimeProvider.System.GetUtcNow()));
        await using var prometheus = await PrometheusServer.OnSamplesAsync(samples);
        var checks = await RunAsync($"prometheus: {{url: '{prometheus.Address}'}}\n", "service");
        Assert.Equal(
            ["external_url", "service_scraped", "rules_loaded"], checks.Where(check => check.Result == CheckResult.Warn).Select(check => check.Code));
        Assert.All(checks.Where(check => check.Result == CheckResult.Warn), check => Assert.NotEqual("", check.Remedy));
        Assert.DoesNotContain(checks, check => check.Result == CheckResult.Fail);
    }

    [Fact]
    public async Task A_name_server_that_is_dead_and_one_that_refuses_are_told_apart()
    {
        await using var refuses = await BindServer.StartAsync(("example.com", "www A 192.0.2.1"));
        await using var knowsNothing = await BindServer.StartAsync((RootServer, "5 PTR b.example.com."));
        var dead = FreePort.Next();
        var checks = await RunAsync($"dns: {{timeout: 2s, servers: ['127.0.0.1:{dead}', '{refuses.Endpoint}', '{knowsNothing.Endpoint}']}}\n", "dns");
        var failed = Assert.Single(checks, check => check is { Code: "name_servers", Result: CheckResult.Fail });
        Assert.Contains($"127.0.0.1:{dead} does not answer over TCP", failed.Message, StringComparison.Ordinal);
        Assert.Contains("transport: udp", failed.Remedy, StringComparison.Ordinal);
        Assert.Contains(checks, check => check is { Code: "reverse_zones", Result: CheckResult.Fail }
            && check.Message.Contains($"{refuses.Endpoint} refuses", StringComparison.Ordinal));
        Assert.Contains(checks, check => check is { Code: "reverse_zones", Result: CheckResult.Warn }
            && check.Message.Contains($"{knowsNothing.Endpoint} says", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(401, "authorization: {credentials_file:")]
    [InlineData(404, "the prefix of --web.route-prefix")]
    [InlineData(200, "path_prefix")]
    public async Task An_Alertmanager_that_does_not_answer_is_told_with_what_mends_it(int status, string remedy)
    {
        await using var server = await LoopbackServer.StartAsync();
        server.Answer = Text(status, "no");
        var checks = await RunAsync($"alerting: {{alertmanagers: [{{url: '{server.Address}'}}]}}\n", "alertmanager");
        var failed = Assert.Single(checks, check => check.Code == "alertmanagers");
        Assert.Equal(CheckResult.Fail, failed.Result);
        Assert.Contains(remedy, failed.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_Alertmanagers_that_do_not_know_each_other_are_no_cluster()
    {
        await using var one = await AlertmanagerServer.StartAsync();
        await using var other = await AlertmanagerServer.StartAsync();
        var checks = await RunAsync($"alerting: {{alertmanagers: [{{url: '{one.Address}'}}, {{url: '{other.Address}'}}]}}\n", "alertmanager");
        Assert.Equal(2, checks.Count(check => check is { Code: "alertmanagers", Result: CheckResult.Ok }));
        var cluster = Assert.Single(checks, check => check.Code == "alertmanager_cluster");
        Assert.Equal(CheckResult.Warn, cluster.Result);
        Assert.Contains("--cluster.peer", cluster.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Discovery_that_finds_nobody_is_a_failure()
    {
        await using var dns = await BindServer.StartAsync(("example.com", "www A 192.0.2.1"));
        var targets = _folder.Write("targets.yml", "[]\n");
        var checks = await RunAsync($$"""
            dns: {servers: ['{{dns.Endpoint}}']}
            alerting:
              alertmanagers:
                - {dns_sd_configs: [{names: [_web._tcp.alertmanager.example.com], type: SRV}]}
                - {file_sd_configs: [{files: ['{{targets}}']}]}
            """, "alertmanager");
        Assert.Contains(checks, check => check is { Code: "alertmanager_discovery", Result: CheckResult.Fail }
            && check.Message.Contains("there are no such records", StringComparison.Ordinal));
        Assert.Contains(checks, check => check is { Code: "alertmanager_discovery", Result: CheckResult.Warn });
        Assert.Contains(checks, check => check is { Code: "alertmanagers", Result: CheckResult.Warn });
    }

    [Fact]
    public async Task Files_that_are_too_old_or_missing_are_found()
    {
        var list = Old("drop.txt", "203.0.113.0/24\n");
        var networks = Old("ip-ranges.json", """{"prefixes": [{"ip_prefix": "192.0.2.0/24", "region": "eu-west-1", "service": "S3"}], "ipv6_prefixes": []}""");
        var entries = Old("mesh.yml", "apiVersion: v1\nkind: List\nitems: []\n");
        var checks = await RunAsync($$"""
            prometheus: {basic_auth: {username: egress, password_file: '{{_folder.File("password")}}'} }
            telemetry: {service_entry_files: ['{{entries}}']}
            destinations: {network_files: ['{{networks}}'], public_suffix_list: '{{_folder.File("none.dat")}}'}
            detection: {threat_listed: {lists: [{name: drop, file: '{{list}}'}, {name: long, file: '{{list}}', max_age: 365d}] } }
            policies: [{name: ended, action: allow, until: 2020-01-01, reason: x, destination: {cidrs: [192.0.2.0/24]} }]
            """, "files");
        string[] expected =
        [
            "secret_files fail", "policies warn", "threat_lists fail", "threat_lists warn", "network_files warn", "service_entry_files warn",
            "public_suffix_list warn",
        ];
        Assert.Equal(expected, checks.Where(check => check.Result != CheckResult.Ok).Select(check => $"{check.Code} {check.Result.LabelValue()}"));
        Assert.All(checks.Where(check => check.Result != CheckResult.Ok), check => Assert.NotEqual("", check.Remedy));
    }

    private string Old(string name, string text)
    {
        var file = _folder.Write(name, text);
        File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-60));
        return file;
    }

    private async Task<IReadOnlyList<Check>> RunAsync(string config, params string[] sections)
    {
        var file = _folder.Write("doctor.yml", config);
        var run = new DoctorRun(ConfigLoader.Load(file), file, TimeProvider.System);
        return await run.RunAsync(kind => sections.Length == 0 || sections.Contains(kind.Section), CancellationToken.None);
    }

    private static RequestDelegate Text(int status, string text) => context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(text);
    };
}
