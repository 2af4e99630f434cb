using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>The built program under a file of <c>--web.config.file</c>, and on sockets that systemd hands over.</summary>
public sealed class WebConfigStoryTests : IDisposable
{
    /// <summary>Of the password <c>U*U*U</c>.</summary>
    private const string Hash = "$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a";

    private readonly TemporaryFolder _folder = new();
    private readonly Authority _root = Authority.Root("our root");
    private readonly int _port = FreePort.Next();

    public WebConfigStoryTests()
    {
        _folder.Write("a.yml", "prometheus: {url: 'http://127.0.0.1:9', interval: 1s, delay: 0s}\nalerting: {alertmanagers: []}");
        _folder.Write("ca.crt", _root.Pem);
        Write("server", _root.Issue("server"));
        Write("client", _root.Issue("prometheus", "prometheus.example.com"));
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_real_Prometheus_scrapes_with_a_client_certificate_and_a_password_and_nobody_gets_in_without_both()
    {
        using var service = Start($"--web.config.file={WebConfig("RequireAndVerifyClientCert", "[prometheus.example.com]")}");
        await service.UntilWrittenAsync($"listens on https://127.0.0.1:{_port}");
        var config = _folder.Write("prometheus.yml", $$"""
            global: {scrape_interval: 1s, scrape_timeout: 1s}
            scrape_configs:
              - job_name: egress-alerts
                scheme: https
                static_configs: [{targets: ['127.0.0.1:{{_port}}'] }]
                tls_config: { ca_file: '{{_folder.File("ca.crt")}}', cert_file: '{{_folder.File("client.crt")}}', key_file: '{{_folder.File("client.key")}}' }
                basic_auth: {username: alice, password: 'U*U*U'}
              - job_name: no-password
                scheme: https
                static_configs: [{targets: ['127.0.0.1:{{_port}}'] }]
                tls_config: { ca_file: '{{_folder.File("ca.crt")}}', cert_file: '{{_folder.File("client.crt")}}', key_file: '{{_folder.File("client.key")}}' }
              - job_name: no-certificate
                scheme: https
                static_configs: [{targets: ['127.0.0.1:{{_port}}'] }]
                tls_config: { ca_file: '{{_folder.File("ca.crt")}}' }
                basic_auth: {username: alice, password: 'U*U*U'}
              - job_name: no-tls
                static_configs: [{targets: ['127.0.0.1:{{_port}}'] }]
                basic_auth: {username: alice, password: 'U*U*U'}
            """);
        await using var prometheus = await PrometheusServer.OnAsync(config);
        await Deadline.UntilAsync(
            async () => (await prometheus.QueryAsync("up")).Count == 4 && (await prometheus.QueryAsync("egress_alerts_web_refused_total > 0")).Count == 3,
            60,
            $"all four have scraped:\n{service.Output}");
        var ups = await prometheus.QueryAsync("up == 1");
        Assert.Equal("egress-alerts", Assert.Single(ups).Labels["job"]);
        Assert.Equal(
            ["client_certificate", "credentials", "plain_http"],
            (await prometheus.QueryAsync("egress_alerts_web_refused_total > 0")).Select(series => series.Labels["reason"]).Order());

        using var http = Client();
        using var status = JsonDocument.Parse(await http.GetStringAsync(Address("https", "api/v1/status")));
        var file = status.RootElement.GetProperty("files").EnumerateArray().First();
        Assert.Equal((_folder.File("web.yml"), ""), (file.GetProperty("path").GetString(), file.GetProperty("refusal").GetString()));
        await service.StopAsync();
        Assert.Equal(0, service.ExitCode);
        Assert.DoesNotContain("U*U", service.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Allow_asks_with_a_client_certificate_and_a_password_and_says_what_is_missing_without()
    {
        await using var prometheus = await PrometheusServer.StartAsync("1s");
        _folder.Write("a.yml", $"prometheus: {{url: '{prometheus.Address}', interval: 1s, delay: 0s}}\nalerting: {{alertmanagers: []}}");
        using var service = Start($"--web.config.file={WebConfig("RequireAndVerifyClientCert", "[prometheus.example.com]")}");
        await service.UntilWrittenAsync("alert firing: EgressAlertsWatchdog");
        using var http = Client();
        using var alerts = JsonDocument.Parse(await http.GetStringAsync(Address("https", "api/v1/alerts?alertname=EgressAlertsWatchdog")));
        var fingerprint = alerts.RootElement[0].GetProperty("fingerprint").GetString();

        // The service tells the alert: allow says of it that it is nothing to allow.
        var tls = $"tls_config: {{ca_file: '{_folder.File("ca.crt")}', cert_file: '{_folder.File("client.crt")}', key_file: '{_folder.File("client.key")}'}}\n";
        var password = $"basic_auth: {{username: alice, password_file: '{_folder.Write("password", "U*U*U\n")}'}}\n";
        Assert.Contains("runbook", await AllowAsync(tls + password), StringComparison.Ordinal);
        Assert.Contains("asks for a user name and a password", await AllowAsync(tls), StringComparison.Ordinal);
        Assert.Contains("name its CA, and your certificate if it asks for one, in tls_config of --http.config.file", await AllowAsync(password),
            StringComparison.Ordinal);
        Assert.Contains("--http.config.file", await AllowAsync(null), StringComparison.Ordinal);
        await service.StopAsync();
        string[] noUrl = [EgressAlertsProcess.Program, "allow", fingerprint!, "--reason=why", "--until=30d", "--url=127.0.0.1:10098"];
        Assert.StartsWith(
            "--url: it is not an absolute http or https URL", await Tool.OutputAsync("dotnet", noUrl, exitCode: 2), StringComparison.Ordinal);

        async Task<string> AllowAsync(string? settings)
        {
            string[] more = settings is null ? [] : [$"--http.config.file={_folder.Write("http.yml", settings)}"];
            return await Tool.OutputAsync(
                "dotnet",
                [EgressAlertsProcess.Program, "allow", fingerprint!, "--reason=why", "--until=30d", $"--url={Address("https", "")}", .. more],
                exitCode: 1);
        }
    }

    [Fact]
    public async Task A_file_that_breaks_while_the_service_runs_is_told_and_the_start_with_it_is_refused()
    {
        using (var service = Start($"--web.config.file={WebConfig("NoClientCert", null)}"))
        {
            await service.UntilWrittenAsync("listens on https://");
            _folder.Write("web.yml", "basic_auth_users: {alice: U*U*U}");
            using var http = Client();
            using var status = JsonDocument.Parse(await http.GetStringAsync(Address("https", "api/v1/status")));
            var expected = $"{_folder.File("web.yml")}:1: basic_auth_users.alice is not a bcrypt hash";
            Assert.StartsWith(
                expected, status.RootElement.GetProperty("files").EnumerateArray().First().GetProperty("refusal").GetString(), StringComparison.Ordinal);
            await service.UntilWrittenAsync(expected);
            Assert.Contains("egress_alerts_web_config_refused 1\n", await http.GetStringAsync(Address("https", "metrics")), StringComparison.Ordinal);
            await service.StopAsync();
        }

        var output = await Tool.OutputAsync("dotnet", [EgressAlertsProcess.Program, .. Arguments, $"--web.config.file={_folder.File("web.yml")}"], exitCode: 1);
        Assert.StartsWith(
            $"{_folder.File("web.yml")}:1: basic_auth_users.alice is not a bcrypt hash", Assert.Single(output.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.DoesNotContain("U*U", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_socket_of_systemd_is_served_also_with_TLS(bool isTls)
    {
        string[] more = isTls ? [$"--web.config.file={WebConfig("NoClientCert", null)}"] : [];
        using var service = new ServerProcess(
            "systemd-socket-activate",
            [$"--listen=127.0.0.1:{_port}", "dotnet", EgressAlertsProcess.Program, .. Arguments, "--web.systemd-socket", .. more],
            _folder.Path);
        using var http = Client();
        await service.UntilWrittenAsync("Listening on"); // systemd-socket-activate starts the service with the first connection, which waits meanwhile.
        Assert.Equal("EgressAlerts is healthy.\n", await http.GetStringAsync(Address(isTls ? "https" : "http", "-/healthy")));
        await service.StopAsync();
        Assert.Equal(0, service.ExitCode);
    }

    [Theory]
    [InlineData("", 1, "--web.systemd-socket: systemd handed over no socket: start the .socket unit, or give --web.listen-address instead")]
    [InlineData("export LISTEN_PID=1 LISTEN_FDS=1;", 1, "--web.systemd-socket: systemd handed over no socket")]
    [InlineData("export LISTEN_PID=$$ LISTEN_FDS=0;", 1, "--web.systemd-socket: systemd handed over no socket")]
    [InlineData("export LISTEN_PID=$$ LISTEN_FDS=1; exec 3</dev/null;", 1, "--web.systemd-socket: what systemd handed over is no socket")]
    [InlineData("set -- --web.listen-address=:1;", 2, "--web.systemd-socket stands in place of --web.listen-address: give one of them")]
    public async Task Without_a_socket_of_systemd_the_start_is_refused_in_one_line(string before, int exitCode, string expected)
    {
        var script = $"{before} exec dotnet '{EgressAlertsProcess.Program}' {string.Join(' ', Arguments)} --web.systemd-socket \"$@\"";
        var output = await Tool.OutputAsync("bash", ["-c", script], exitCode);
        Assert.StartsWith(expected, Assert.Single(output.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private string[] Arguments => ["serve", $"--config.file={_folder.File("a.yml")}", $"--storage.path={_folder.File("data")}"];

    private ServerProcess Start(params string[] arguments) => new(
        "dotnet", [EgressAlertsProcess.Program, .. Arguments, $"--web.listen-address=127.0.0.1:{_port}", .. arguments], _folder.Path);

    private Uri Address(string scheme, string path) => new($"{scheme}://127.0.0.1:{_port}/{path}");

    private string WebConfig(string type, string? names) => _folder.Write("web.yml", $$"""
        tls_server_config:
          cert_file: server.crt
          key_file: server.key
          client_auth_type: {{type}}
          {{(names is null ? "" : $"client_ca_file: ca.crt\n  client_allowed_sans: {names}")}}
        basic_auth_users: { alice: {{Hash}} }
        """);

    /// <summary>A client that has both.</summary>
    private HttpClient Client()
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(_root.Certificate);
        var client = X509Certificate2.CreateFromPemFile(_folder.File("client.crt"), _folder.File("client.key"));
        var http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = trust,
                ClientCertificateContext = SslStreamCertificateContext.Create(client, null, offline: true),
            },
        });
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("alice:U*U*U")));
        return http;
    }

    private void Write(string name, X509Certificate2 certificate)
    {
        _folder.Write($"{name}.crt", certificate.ExportCertificatePem());
        _folder.Write($"{name}.key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }
}
