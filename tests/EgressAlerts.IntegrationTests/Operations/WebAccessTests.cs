using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EgressAlerts.Common;
using EgressAlerts.Testing;
using EgressAlerts.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Prometheus;
using Bcrypt = BCrypt.Net.BCrypt;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>Handshakes and requests with a web server under a file of <c>--web.config.file</c>.</summary>
public sealed class WebAccessTests : IAsyncLifetime
{
    private const string Names = ", client_allowed_sans: [127.0.0.1]";
    private const string Tls = "tls_server_config: {cert_file: server.crt, key_file: server.key";

    private readonly TemporaryFolder _folder = new();
    private readonly Authority _root = Authority.Root("our root");
    private readonly Authority _other = Authority.Root("another root");
    private readonly ListLogger<WebAccessTests> _log = new();
    private readonly MetricRegistry _metrics = new();
    private readonly HandTime _time = new();
    private WebApplication? _app;
    private WebAccess _access = null!;
    private Uri _address = null!;

    public Task InitializeAsync()
    {
        WriteServer(_root.Issue("monday"));
        _folder.Write("ca.crt", _root.Pem);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
        _root.Dispose();
        _other.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("", "HTTP/2")]
    [InlineData("\nhttp_server_config: {http2: false}", "HTTP/1.1")]
    public async Task Connections_over_TLS_use_HTTP_2_unless_it_is_off(string more, string expected)
    {
        await StartAsync($"{Tls}}}{more}");
        using var http = Client();
        Assert.Equal(expected, await http.GetStringAsync(_address));
    }

    [Theory]
    [InlineData("", SslProtocols.Tls12, true)]
    [InlineData("", SslProtocols.Tls13, true)]
    [InlineData(", min_version: TLS10", SslProtocols.Tls12, true)]
    [InlineData(", min_version: TLS13", SslProtocols.Tls12, false)]
    [InlineData(", min_version: TLS13", SslProtocols.Tls13, true)]
    [InlineData(", max_version: TLS12", SslProtocols.Tls13, false)]
    [InlineData(", max_version: TLS12", SslProtocols.Tls12, true)]
    public async Task Versions_of_TLS_outside_the_range_are_refused(string range, SslProtocols version, bool isTaken)
    {
        await StartAsync($"{Tls}{range}}}");
        using var http = Client(versions: version);
        Assert.Equal(isTaken, await IsAnsweredAsync(http));
    }

    [Fact]
    public async Task TLS_1_2_uses_the_listed_ciphers_and_TLS_1_3_its_own()
    {
        await StartAsync($"{Tls}, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]}}");
        Assert.Equal(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, await CipherAsync(SslProtocols.Tls12));
        Assert.StartsWith("TLS_AES_", (await CipherAsync(SslProtocols.Tls13)).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NoClientCert", true, true, true)]
    [InlineData("RequestClientCert", true, true, true)]
    [InlineData("RequireAnyClientCert", false, true, true)]
    [InlineData("VerifyClientCertIfGiven", true, false, true)]
    [InlineData("RequireAndVerifyClientCert", false, false, true)]
    public async Task Clients_are_asked_for_certificates_as_the_type_says(string type, bool none, bool foreign, bool ours)
    {
        await StartAsync($"{Tls}, client_auth_type: {type}{(type == "NoClientCert" ? "" : ", client_ca_file: ca.crt")}}}");
        foreach (var version in (SslProtocols[])[SslProtocols.Tls12, SslProtocols.Tls13])
        {
            using (var http = Client(versions: version)) Assert.Equal(none, await IsAnsweredAsync(http));
            using (var http = Client(_other.Issue("prometheus"), version)) Assert.Equal(foreign, await IsAnsweredAsync(http));
            using (var http = Client(_root.Issue("prometheus"), version)) Assert.Equal(ours, await IsAnsweredAsync(http));
        }

        var refused = 2 * ((none ? 0 : 1) + (foreign ? 0 : 1));
        await Deadline.UntilAsync(() => Refused("client_certificate") == refused, 30, $"{refused} clients are counted");
    }

    [Theory]
    [InlineData("RequireAndVerifyClientCert")]
    [InlineData("RequireAnyClientCert")]
    public async Task Only_a_certificate_with_an_allowed_name_is_taken(string type)
    {
        await StartAsync($"{Tls}, client_auth_type: {type}, client_ca_file: ca.crt, client_allowed_sans: [prometheus.example.com, 192.0.2.1]}}");
        using (var http = Client(_root.Issue("any", "other.example.com", "prometheus.example.com"))) Assert.True(await IsAnsweredAsync(http));
        using (var http = Client(_root.Issue("any", "other.example.com"))) Assert.False(await IsAnsweredAsync(http));
        using (var http = Client(_root.Issue("prometheus.example.com"))) Assert.False(await IsAnsweredAsync(http)); // The common name is no such name.
    }

    [Fact]
    public async Task A_client_certificate_is_judged_anew_on_each_connection()
    {
        using var client = _root.Issue("prometheus");
        await StartAsync($"{Tls}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}}");
        using (var http = Client(client)) Assert.True(await IsAnsweredAsync(http));
        _folder.Write("ca.crt", _other.Pem);
        using (var http = Client(client)) Assert.False(await IsAnsweredAsync(http));
    }

    [Fact]
    public async Task A_new_certificate_is_shown_to_the_next_connection_and_files_that_are_half_written_leave_the_old_one_in_use()
    {
        await StartAsync($"{Tls}}}");
        Assert.Equal("monday", await ShownAsync());
        using var tuesday = _root.Issue("tuesday");
        _folder.Write("server.crt", tuesday.ExportCertificatePem());
        for (var i = 0; i < 3; i++) Assert.Equal("monday", await ShownAsync());
        var told = Assert.Single(_log.Entries);
        Assert.StartsWith($"Error: the new {_folder.File("web.yml")}, or a file that it names, is refused: ", told, StringComparison.Ordinal);
        Assert.Contains("server.crt with ", told, StringComparison.Ordinal);
        Assert.NotEqual("", _access.Status!.Refusal);
        Assert.Equal(1, Value("egress_alerts_web_config_refused"));

        _folder.Write("server.key", Key(tuesday));
        Assert.Equal("tuesday", await ShownAsync());
        Assert.StartsWith("Information: ", _log.Entries.Last(), StringComparison.Ordinal);
        Assert.Equal("", _access.Status!.Refusal);
        Assert.Equal(0, Value("egress_alerts_web_config_refused"));

        File.Delete(_folder.File("web.yml"));
        Assert.Equal("tuesday", await ShownAsync());
        Assert.True(_access.Status!.IsGone);
    }

    [Fact]
    public async Task A_file_that_was_missing_when_it_was_first_named_is_used_when_it_is_there()
    {
        await StartAsync($"{Tls}}}");
        _folder.Write("web.yml", "tls_server_config: {cert_file: later.crt, key_file: later.key}");
        Assert.Equal("monday", await ShownAsync());
        using var later = _root.Issue("later");
        _folder.Write("later.crt", later.ExportCertificatePem());
        _folder.Write("later.key", Key(later));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("later", await ShownAsync());
    }

    [Fact]
    public async Task Certificate_key_and_client_CA_may_stand_in_the_file_itself_with_the_chain_to_the_root()
    {
        using var between = _root.Intermediate("between");
        using var server = between.Issue("inline");
        await StartAsync($"""
            tls_server_config:
              cert: |
            {Indented($"{server.ExportCertificatePem()}\n{between.Pem}")}
              key: |
            {Indented(Key(server))}
              client_ca: |
            {Indented(_root.Pem)}
              client_auth_type: RequireAndVerifyClientCert
            """);
        using (var http = Client(_root.Issue("prometheus"))) Assert.True(await IsAnsweredAsync(http));
        using (var http = Client(_other.Issue("prometheus"))) Assert.False(await IsAnsweredAsync(http));

        static string Indented(string text) => string.Join('\n', text.Split('\n').Select(line => $"    {line}"));
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData("alice:s3cret", 200)]
    [InlineData("alice:wrong", 401)]
    [InlineData("mallory:s3cret", 401)]
    public async Task Requests_need_the_name_and_password_of_a_user(string? credentials, int expected)
    {
        await StartAsync($"basic_auth_users: {{alice: {Bcrypt.HashPassword("s3cret", 4)}}}");
        using var http = new HttpClient();
        using var answer = await AskAsync(http, credentials);
        Assert.Equal(expected, (int)answer.StatusCode);
        Assert.Equal(expected == 401 ? "Basic realm=\"EgressAlerts\", charset=\"UTF-8\"" : "", answer.Headers.WwwAuthenticate.ToString());
        Assert.Equal(expected == 401 ? 1 : 0, Refused("credentials"));
    }

    [Fact]
    public async Task Users_change_without_a_restart_and_a_file_that_lost_them_all_opens_nothing()
    {
        await StartAsync($"basic_auth_users: {{alice: {Bcrypt.HashPassword("s3cret", 4)}}}");
        using var http = new HttpClient();
        using (var answer = await AskAsync(http, "alice:s3cret")) Assert.Equal(200, (int)answer.StatusCode);
        _folder.Write("web.yml", $"basic_auth_users: {{bob: {Bcrypt.HashPassword("s3cret", 4)}}}");
        using (var answer = await AskAsync(http, "alice:s3cret")) Assert.Equal(401, (int)answer.StatusCode);
        using (var answer = await AskAsync(http, "bob:s3cret")) Assert.Equal(200, (int)answer.StatusCode);
        foreach (var broken in (string[])["", "basic_auth_users:", "basic_auth_users: {bob: s3cret}", "basic_auth", "\0", $"{Tls}}}"])
        {
            _folder.Write("web.yml", broken);
            using (var answer = await AskAsync(http, null)) Assert.Equal(401, (int)answer.StatusCode);
            using (var answer = await AskAsync(http, "bob:s3cret")) Assert.Equal(200, (int)answer.StatusCode);
        }

        Assert.DoesNotContain(_log.Entries, entry => entry.Contains("s3cret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Names, $"{Tls}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}}", "client_allowed_sans has no names any more")]
    [InlineData("", $"{Tls}, client_auth_type: RequestClientCert}}", "client_auth_type does not require certificates any more")]
    [InlineData("", "", "tls_server_config turns TLS on or off")]
    public async Task A_new_file_takes_no_protection_away(string more, string next, string told)
    {
        await StartAsync($"{Tls}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt{more}}}");
        _folder.Write("web.yml", next);
        using (var http = Client()) Assert.False(await IsAnsweredAsync(http));
        using (var http = Client(_root.Issue("prometheus"))) Assert.True(await IsAnsweredAsync(http));
        Assert.Contains($"{told}, which needs a restart", Assert.Single(_log.Entries), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_are_in_every_answer_and_win_over_those_of_the_service()
    {
        const string Policy = "default-src 'self'";
        await StartAsync($$"""
            http_server_config:
              headers: { Strict-Transport-Security: max-age=60, Content-Security-Policy: "{{Policy}}", X-XSS-Protection: "" }
            basic_auth_users: { alice: {{Bcrypt.HashPassword("s3cret", 4)}} }
            """);
        using var http = new HttpClient();
        foreach (var credentials in (string?[])["alice:s3cret", null])
        {
            using var answer = await AskAsync(http, credentials);
            Assert.Equal("max-age=60", answer.Headers.GetValues("Strict-Transport-Security").Single());
            Assert.Equal(Policy, answer.Headers.GetValues("Content-Security-Policy").Single());
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.False(answer.Headers.Contains("X-XSS-Protection"));
        }
    }

    [Fact]
    public async Task Requests_beyond_the_rate_are_refused()
    {
        await StartAsync("rate_limit: {interval: 1s, burst: 2}");
        using var http = new HttpClient();
        var statuses = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            using var answer = await AskAsync(http, null);
            statuses.Add((int)answer.StatusCode);
        }

        Assert.Equal([200, 200, 429, 429], statuses);
        _time.Advance(TimeSpan.FromSeconds(1));
        using (var answer = await AskAsync(http, null)) Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(2, Refused("rate_limit"));
    }

    [Fact]
    public async Task A_request_without_TLS_is_told_that_the_server_speaks_HTTPS()
    {
        await StartAsync($"{Tls}}}");
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new UriBuilder(_address) { Scheme = "http" }.Uri);
        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Equal("This server speaks HTTPS: begin the address with https://.\n", await answer.Content.ReadAsStringAsync());
        Assert.Equal(1, Refused("plain_http"));
    }

    [Fact]
    public async Task A_client_that_says_nothing_or_begins_and_goes_silent_is_not_waited_for()
    {
        await StartAsync($"{Tls}}}");
        var ends = new List<Task<int>>();
        foreach (var beginning in (byte[][])[[], [0x16], [0x16, 3, 1, 2, 0]])
        {
            var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, _address.Port);
            var stream = client.GetStream();
            await stream.WriteAsync(beginning);
            ends.Add(EndAsync(stream));
        }

        await Task.WhenAll(ends).WaitAsync(TimeSpan.FromSeconds(40));
        using var http = Client();
        Assert.True(await IsAnsweredAsync(http));

        static async Task<int> EndAsync(NetworkStream stream)
        {
            try
            {
                return await stream.ReadAsync(new byte[1]);
            }
            catch (IOException)
            {
                return 0;
            }
        }
    }

    [Theory]
    [InlineData("cert_file: server.crt, key_file: server.key", true)]
    [InlineData("cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt", true)]
    [InlineData("cert_file: server.crt, key_file: server.key, min_version: TLS13, max_version: TLS13, prefer_server_cipher_suites: false", true)]
    [InlineData("cert_file: server.crt, key_file: server.key, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256], curve_preferences: [X25519]", true)]
    [InlineData("cert_file: server.crt, key_file: server.key, min_version: TLS9", false)]
    [InlineData("cert_file: server.crt, key_file: server.key, curve_preferences: [P256]", false)]
    [InlineData("cert_file: server.crt, key_file: server.key, cipher_suites: [TLS_RSA_WITH_NULL_MD5]", false)]
    [InlineData("cert_file: server.crt, key_file: server.key, client_auth_type: Always", false)]
    [InlineData("cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt", false)]
    [InlineData("cert_file: server.crt", false)]
    [InlineData("cert_file: server.crt, key_file: missing.key", false)]
    [InlineData("cert: server.crt, key_files: server.key", false)]
    public async Task Promtool_takes_and_refuses_the_same_files(string tls, bool isGood)
    {
        var file = _folder.Write("web.yml", $$"""
            tls_server_config: { {{tls}} }
            http_server_config: {http2: false, headers: {X-Frame-Options: deny} }
            basic_auth_users: { alice: {{Bcrypt.HashPassword("s3cret", 4)}} }
            """);
        await Tool.OutputAsync("promtool", ["check", "web-config", file], isGood ? 0 : 1);
        var error = Record.Exception(() => Access(file));
        Assert.True(isGood ? error is null : error is ConfigException, error?.Message);
    }

    private WebAccess Access(string file) => new(file, new WebMetrics(new MetricRegistry()), _time, _log);

    /// <summary>Starts a server whose one page tells the version of HTTP.</summary>
    private async Task StartAsync(string yaml)
    {
        _access = new WebAccess(_folder.Write("web.yml", yaml), new WebMetrics(_metrics), _time, _log);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => ListenAddress.TryParse("127.0.0.1:0")!.Bind(kestrel, _access.Secure));
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        SecurityHeaders.Use(_app);
        _access.Guard(_app);
        _app.MapGet("/", (HttpContext context) => context.Request.Protocol);
        await _app.StartAsync();
        _address = new Uri(_app.Urls.Single());
        Assert.Equal(_access.Scheme, _address.Scheme);
    }

    /// <summary>A client that trusts our root and opens connections of its own.</summary>
    private HttpClient Client(X509Certificate2? certificate = null, SslProtocols versions = SslProtocols.None) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = versions,
            CertificateChainPolicy = Trust(),
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
        },
    })
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
    };

    private X509ChainPolicy Trust()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_root.Certificate);
        return policy;
    }

    private async Task<bool> IsAnsweredAsync(HttpClient http)
    {
        try
        {
            return (await http.GetStringAsync(_address)).StartsWith("HTTP/", StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<HttpResponseMessage> AskAsync(HttpClient http, string? credentials)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _address);
        if (credentials is not null) request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
        return await http.SendAsync(request);
    }

    private async Task<string> ShownAsync()
    {
        await using var tls = await HandshakeAsync(SslProtocols.None);
        return ((X509Certificate2)tls.RemoteCertificate!).GetNameInfo(X509NameType.SimpleName, forIssuer: false);
    }

    private async Task<TlsCipherSuite> CipherAsync(SslProtocols version)
    {
        await using var tls = await HandshakeAsync(version);
        return tls.NegotiatedCipherSuite;
    }

    private async Task<SslStream> HandshakeAsync(SslProtocols version)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _address.Port);
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            EnabledSslProtocols = version,
            CertificateChainPolicy = Trust(),
        });
        return tls;
    }

    private void WriteServer(X509Certificate2 certificate)
    {
        _folder.Write("server.crt", certificate.ExportCertificatePem());
        _folder.Write("server.key", Key(certificate));
    }

    private static string Key(X509Certificate2 certificate) => certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();

    private double Refused(string reason) => Value("egress_alerts_web_refused_total", reason);

    private double Value(string name, string? reason = null)
    {
        using var text = new MemoryStream();
        _metrics.Write(text, ExpositionFormat.PrometheusText, isEnd: true);
        return PromSample.Parse(Encoding.UTF8.GetString(text.ToArray()))
            .Single(sample => sample.Name == name && (reason is null || sample["reason"] == reason)).Value;
    }
}
