using System.Security.Cryptography.X509Certificates;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>TLS handshakes with a real server, under the settings of <c>tls_config</c>.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly Authority _root = Authority.Root("our root");
    private readonly Authority _other = Authority.Root("another root");
    private readonly ListLogger<TlsTests> _log = new();
    private TlsServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await TlsServer.StartAsync(_root.Issue("server"));
        _folder.Write("ca.pem", _root.Pem);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _root.Dispose();
        _other.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_server_whose_certificate_comes_from_the_ca_file_is_trusted_and_from_elsewhere_it_is_not()
    {
        using (var http = Client("ca_file: CA")) Assert.Equal("|", await http.GetStringAsync(_server.Address));
        using (var http = Client("")) await RefusesAsync(http);
        _folder.Write("ca.pem", _other.Pem);
        using (var http = Client("ca_file: CA")) await RefusesAsync(http);
    }

    [Fact]
    public async Task A_server_under_a_wrong_name_is_refused_unless_server_name_says_which_name_to_ask_for()
    {
        _server.Certificate = _root.Issue("server", "prometheus.example.com");
        using (var http = Client("ca_file: CA")) await RefusesAsync(http);
        using (var http = Client("ca_file: CA, server_name: other.example.com")) await RefusesAsync(http);
        using var named = Client("ca_file: CA, server_name: prometheus.example.com");
        Assert.Equal("prometheus.example.com|", await named.GetStringAsync(_server.Address));
    }

    [Fact]
    public async Task insecure_skip_verify_takes_a_certificate_from_anyone_for_any_name()
    {
        _server.Certificate = _other.Issue("server", "elsewhere.example.com");
        using var http = Client("insecure_skip_verify: true");
        Assert.Equal("|", await http.GetStringAsync(_server.Address));
        using var named = Client("insecure_skip_verify: true, server_name: prometheus.example.com");
        Assert.Equal("prometheus.example.com|", await named.GetStringAsync(_server.Address));
    }

    [Theory]
    [InlineData("")]
    [InlineData(", server_name: prometheus.example.com")]
    public async Task A_server_that_demands_a_client_certificate_gets_it_with_its_whole_chain(string name)
    {
        using var between = _root.Intermediate("between");
        string[] names = name.Length > 0 ? ["prometheus.example.com"] : [];
        await using var server = await TlsServer.StartAsync(_root.Issue("server", names), clients: _root.Certificate);
        WriteClient(between.Issue("egress-alerts"), between.Pem);
        using (var without = Client($"ca_file: CA{name}")) await RefusesAsync(without, server.Address);
        using var http = Client($"ca_file: CA, cert_file: CERT, key_file: KEY{name}");
        Assert.EndsWith("|egress-alerts", await http.GetStringAsync(server.Address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_in_the_same_file_as_its_certificate_needs_no_key_file()
    {
        await using var server = await TlsServer.StartAsync(_root.Issue("server"), clients: _root.Certificate);
        using var certificate = _root.Issue("egress-alerts");
        _folder.Write("cert.pem", $"{certificate.ExportCertificatePem()}\n{Key(certificate)}");
        using var http = Client("ca_file: CA, cert_file: CERT");
        Assert.Equal("|egress-alerts", await http.GetStringAsync(server.Address));
    }

    [Fact]
    public async Task A_new_client_certificate_is_used_without_a_reload_and_a_half_written_one_leaves_the_old_in_use()
    {
        await using var server = await TlsServer.StartAsync(_root.Issue("server"), clients: _root.Certificate);
        WriteClient(_root.Issue("monday"));
        using var http = Client("ca_file: CA, cert_file: CERT, key_file: KEY");
        Assert.Equal("|monday", await http.GetStringAsync(server.Address));

        using var tuesday = _root.Issue("tuesday");
        _folder.Write("cert.pem", tuesday.ExportCertificatePem());
        for (var i = 0; i < 3; i++) Assert.Equal("|monday", await http.GetStringAsync(server.Address));
        var told = Assert.Single(_log.Entries);
        Assert.StartsWith(
            $"Warning: the new TLS files cannot be used ({_folder.File("cert.pem")} with {_folder.File("key.pem")}: ", told, StringComparison.Ordinal);

        _folder.Write("key.pem", Key(tuesday));
        Assert.Equal("|tuesday", await http.GetStringAsync(server.Address));
        Assert.StartsWith("Information: the TLS files", _log.Entries.Last(), StringComparison.Ordinal);

        foreach (var rubbish in (string[])["", "-----BEGIN CERTIFICATE-----\nMIIB", "no certificate"])
        {
            _folder.Write("cert.pem", rubbish);
            Assert.Equal("|tuesday", await http.GetStringAsync(server.Address));
        }

        File.Delete(_folder.File("cert.pem"));
        Assert.Equal("|tuesday", await http.GetStringAsync(server.Address));
        Assert.Equal(3, _log.Entries.Count);
    }

    [Fact]
    public async Task A_new_authority_is_trusted_without_a_reload_and_the_old_one_no_more()
    {
        using var http = Client("ca_file: CA");
        Assert.Equal("|", await http.GetStringAsync(_server.Address));
        _server.Certificate = _other.Issue("server");
        _folder.Write("ca.pem", _other.Pem);
        Assert.Equal("|", await http.GetStringAsync(_server.Address));
        _folder.Write("ca.pem", _root.Pem);
        await RefusesAsync(http);
    }

    [Fact]
    public async Task Files_that_Kubernetes_replaces_behind_a_link_are_followed()
    {
        await using var server = await TlsServer.StartAsync(_root.Issue("server"), clients: _root.Certificate);
        Directory.CreateDirectory(_folder.File("..monday"));
        Directory.CreateDirectory(_folder.File("..tuesday"));
        foreach (var day in (string[])["monday", "tuesday"])
        {
            using var certificate = _root.Issue(day);
            _folder.Write($"..{day}/cert.pem", $"{certificate.ExportCertificatePem()}\n{Key(certificate)}");
        }

        Directory.CreateSymbolicLink(_folder.File("..data"), "..monday");
        File.CreateSymbolicLink(_folder.File("cert.pem"), "..data/cert.pem");
        using var http = Client("ca_file: CA, cert_file: CERT");
        Assert.Equal("|monday", await http.GetStringAsync(server.Address));
        Directory.CreateSymbolicLink(_folder.File("..next"), "..tuesday");
        Directory.Delete(_folder.File("..data"));
        Directory.Move(_folder.File("..next"), _folder.File("..data"));
        Assert.Equal("|tuesday", await http.GetStringAsync(server.Address));
    }

    [Fact]
    public async Task A_request_under_way_outlives_a_change_of_certificates()
    {
        await using var server = await TlsServer.StartAsync(_root.Issue("server"), clients: _root.Certificate);
        WriteClient(_root.Issue("monday"));
        using var http = Client("ca_file: CA, cert_file: CERT, key_file: KEY");
        using var under = await http.GetAsync(new Uri(server.Address, "slow"), HttpCompletionOption.ResponseHeadersRead);
        WriteClient(_root.Issue("tuesday"));
        Assert.Equal("|tuesday", await http.GetStringAsync(server.Address));
        WriteClient(_root.Issue("wednesday"));
        Assert.Equal("|wednesday", await http.GetStringAsync(server.Address));
        server.Slow.SetResult();
        Assert.Equal("|monday", await under.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_proxy_carries_TLS_to_the_server_and_gets_the_password_that_stands_in_its_url()
    {
        await using var proxy = new TunnelProxy();
        using var http = Client("ca_file: CA", $"proxy_url: 'http://me:p%40ss@{proxy.Address.Authority}'");
        Assert.Equal("|", await http.GetStringAsync(_server.Address));
        Assert.Contains($"CONNECT {_server.Address.Authority} Basic bWU6cEBzcw==", proxy.Requests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ca_file: CA, server_name: other.example.com")]
    public async Task A_Prometheus_whose_certificate_is_not_taken_is_told_with_what_to_do(string tls)
    {
        Assert.EndsWith(": set ca_file or server_name in prometheus.tls_config", await FailureAsync(tls, _server.Address), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(", server_name: prometheus.example.com")]
    public async Task A_Prometheus_that_asks_for_a_client_certificate_is_told_with_what_to_do(string name)
    {
        string[] names = name.Length > 0 ? ["prometheus.example.com"] : [];
        await using var server = await TlsServer.StartAsync(_root.Issue("server", names), clients: _root.Certificate);
        var failure = await FailureAsync($"ca_file: CA{name}", server.Address);
        Assert.Contains("cert_file in prometheus.tls_config", failure, StringComparison.Ordinal);
    }

    private async Task<string> FailureAsync(string tls, Uri server)
    {
        using var http = Client(tls);
        var options = new PollingOptions { Url = server, Timeout = TimeSpan.FromSeconds(5), Read = ReadMode.All };
        var poller = new Poller(
            http, options, new TelemetryOptions(), new PollingMetrics(new MetricRegistry()), Store.InMemory().Read(), new HandTime(), new ListLogger<Poller>());
        var noon = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        Assert.Null(await poller.TryReadAsync(new Window(noon, noon.AddSeconds(30)), CancellationToken.None));
        return poller.Failure;
    }

    private static async Task RefusesAsync(HttpClient http, Uri server) => await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(server));

    private Task RefusesAsync(HttpClient http) => RefusesAsync(http, _server.Address);

    private void WriteClient(X509Certificate2 certificate, string rest = "")
    {
        _folder.Write("cert.pem", $"{certificate.ExportCertificatePem()}\n{rest}");
        _folder.Write("key.pem", Key(certificate));
    }

    private static string Key(X509Certificate2 certificate) => certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();

    private HttpClient Client(string tls, string more = "")
    {
        foreach (var (word, file) in ((string, string)[])[("CA", "ca.pem"), ("CERT", "cert.pem"), ("KEY", "key.pem")])
            tls = tls.Replace(word, _folder.File(file), StringComparison.Ordinal);
        return HttpClients.Create(ConfigLoader.Load(_folder.Write("a.yml", $"prometheus:\n  tls_config: {{{tls}}}\n  {more}\n")).PrometheusHttp, _log);
    }
}
