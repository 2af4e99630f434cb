using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EgressAlerts.Common;
using EgressAlerts.Testing;
using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

/// <summary>The file of <c>--web.config.file</c>: what it may say, and what is told about what it may not.</summary>
public sealed class WebConfigTests : IDisposable
{
    private const string Hash = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";

    private readonly TemporaryFolder _folder = new();
    private readonly Authority _root = Authority.Root("our root");

    public WebConfigTests()
    {
        foreach (var name in (string[])["server", "other"])
        {
            using var certificate = _root.Issue(name);
            _folder.Write($"{name}.crt", certificate.ExportCertificatePem());
            _folder.Write($"{name}.key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        }

        _folder.Write("ca.crt", _root.Pem);
        _folder.Write("nothing.pem", "no certificate");
        using var between = _root.Intermediate("between");
        _folder.Write("between.crt", between.Pem);
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("basic_auth_users:")]
    [InlineData("tls_server_config: {}")]
    [InlineData("rate_limit: {interval: 0, burst: 0}")]
    public void A_file_that_says_nothing_protects_nothing(string yaml)
    {
        var config = Read(yaml);
        Assert.False(config.Tls.IsOn);
        Assert.Empty(config.Users);
        Assert.Equal(TimeSpan.Zero, config.RateLimit.Interval);
    }

    [Fact]
    public void Every_key_of_the_exporter_toolkit_is_known_and_files_are_relative_to_the_file()
    {
        var config = Read($$"""
            tls_server_config:
              cert_file: server.crt
              key_file: server.key
              client_auth_type: RequireAndVerifyClientCert
              client_ca_file: ca.crt
              client_allowed_sans: [prometheus, 127.0.0.1]
              min_version: TLS12
              max_version: TLS13
              cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256]
              prefer_server_cipher_suites: true
              curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]
            http_server_config:
              http2: false
              headers:
                Content-Security-Policy: default-src 'self'
                Strict-Transport-Security: max-age=31536000
                X-Content-Type-Options: nosniff
                X-Frame-Options: deny
                X-XSS-Protection: 1; mode=block
            basic_auth_users:
              alice: {{Hash}}
              bob.example.com: '{{Hash.Replace("2y", "2b", StringComparison.Ordinal)}}'
            rate_limit: {interval: 500ms, burst: 20}
            """);
        Assert.Equal(["server.crt", "server.key", "ca.crt"], config.Tls.Files.Select(file => Path.GetRelativePath(_folder.Path, file)));
        Assert.Equal(["alice", "bob.example.com"], config.Users.Keys);
        Assert.Equal((TimeSpan.FromMilliseconds(500), 20), (config.RateLimit.Interval, config.RateLimit.Burst));
        Assert.False(config.Http.IsHttp2On);
        Assert.Equal(5, config.Http.Headers.Count);
    }

    [Theory]
    [InlineData("NoClientCert", false, false, false)]
    [InlineData("RequestClientCert", true, false, false)]
    [InlineData("RequireAnyClientCert", true, true, false)]
    [InlineData("RequireClientCert", true, true, false)]
    [InlineData("VerifyClientCertIfGiven", true, false, true)]
    [InlineData("RequireAndVerifyClientCert", true, true, true)]
    public void The_ways_to_ask_clients_for_certificates_have_the_names_of_Go(string name, bool asks, bool requires, bool verifies)
    {
        var tls = Read($"tls_server_config: {{cert_file: server.crt, key_file: server.key, client_auth_type: {name}}}").Tls;
        Assert.Equal((asks, requires, verifies), (tls.AsksClient, tls.RequiresClient, tls.VerifiesClient));
    }

    [Theory]
    [InlineData("tls_config: {}", "tls_config is not a known key; known here: basic_auth_users, http_server_config, rate_limit, tls_server_config")]
    [InlineData("tls_server_config: {CERT, client_ca: [a]}", "tls_server_config.client_ca is not a single value")]
    [InlineData("- a", "a configuration begins with sections")]
    [InlineData("a: b: c", "this is not YAML")]
    [InlineData("basic_auth_users: {alice: a, alice: b}", "this is not YAML: Duplicate key alice")]
    [InlineData("http_server_config: {http2: perhaps}", "http_server_config.http2 'perhaps' is neither true nor false")]
    [InlineData("http_server_config: {headers: {X-Frame-Options: allow}}", "http_server_config.headers.X-Frame-Options is none of deny, sameorigin")]
    [InlineData("http_server_config: {headers: {X-Frame-Options: }}", "http_server_config.headers.X-Frame-Options is none of deny, sameorigin")]
    [InlineData("http_server_config: {headers: {X-Content-Type-Options: sniff}}", "http_server_config.headers.X-Content-Type-Options is none of nosniff")]
    [InlineData("http_server_config: {headers: {Set-Cookie: a}}", "http_server_config.headers.Set-Cookie is none of Content-Security-Policy, ")]
    [InlineData("http_server_config: {headers: {X-XSS-Protection: \"1\\n2\"}}", "http_server_config.headers.X-XSS-Protection holds a line feed")]
    [InlineData("basic_auth_users: {alice: s3cret}", "basic_auth_users.alice is not a bcrypt hash such as $2y$10$")]
    [InlineData("basic_auth_users: {alice: }", "basic_auth_users.alice is not a bcrypt hash")]
    [InlineData("basic_auth_users: {alice.a: s3cret}", "basic_auth_users of 'alice.a' is not a bcrypt hash")]
    [InlineData("basic_auth_users: {alice: [s3cret]}", "basic_auth_users.alice is not a single value")]
    [InlineData("basic_auth_users: {'a:b': HASH}", "basic_auth_users.a:b is not a user name")]
    [InlineData("basic_auth_users: {'': HASH}", "is not a user name")]
    [InlineData("basic_auth_users: {alice: COSTLY}", "basic_auth_users.alice has the cost 17, which takes too long to check")]
    [InlineData("rate_limit: {interval: 1s}", "rate_limit.burst is missing or 0")]
    [InlineData("rate_limit: {interval: soon, burst: 1}", "rate_limit.interval 'soon' is not a duration from 0s to 1h")]
    [InlineData("rate_limit: {interval: 1s, burst: -1}", "rate_limit.burst '-1' is not a whole number")]
    [InlineData("tls_server_config: {min_version: TLS12}", "tls_server_config.cert_file is missing: TLS needs a certificate")]
    [InlineData("tls_server_config: {key_file: server.key}", "tls_server_config.cert_file is missing")]
    [InlineData("tls_server_config: {cert_file: server.crt}", "tls_server_config.key_file is missing")]
    [InlineData("tls_server_config: {CERT, cert: a}", "tls_server_config.cert_file cannot stand beside cert")]
    [InlineData("tls_server_config: {CERT, key: a}", "tls_server_config.key_file cannot stand beside key")]
    [InlineData("tls_server_config: {CERT, VERIFY, client_ca: a, client_ca_file: ca.crt}", "tls_server_config.client_ca_file cannot stand beside client_ca")]
    [InlineData("tls_server_config: {CERT, client_ca_file: ca.crt}", "tls_server_config.client_auth_type does not ask clients for certificates")]
    [InlineData("tls_server_config: {CERT, client_auth_type: Always}", "tls_server_config.client_auth_type 'Always' is none of NoClientCert, ")]
    [InlineData("tls_server_config: {CERT, VERIFY, client_allowed_sans: []}", "tls_server_config.client_allowed_sans is empty")]
    [InlineData(
        "tls_server_config: {CERT, client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [a]}",
        "tls_server_config.client_allowed_sans needs a client_auth_type that requires a certificate")]
    [InlineData("tls_server_config: {CERT, client_allowed_sans: [a]}", "tls_server_config.client_allowed_sans needs a client_auth_type")]
    [InlineData("tls_server_config: {CERT, min_version: TLS9}", "tls_server_config.min_version 'TLS9' is none of TLS10, TLS11, TLS12, TLS13")]
    [InlineData("tls_server_config: {CERT, max_version: TLS11}", "tls_server_config.max_version TLS11 is too old")]
    [InlineData("tls_server_config: {CERT, min_version: TLS13, max_version: TLS12}", "tls_server_config.max_version TLS12 is below min_version")]
    [InlineData("tls_server_config: {CERT, cipher_suites: [TLS_RSA_WITH_NULL_MD5]}", "tls_server_config.cipher_suites 'TLS_RSA_WITH_NULL_MD5' is none of ")]
    [InlineData("tls_server_config: {CERT, curve_preferences: [P256]}", "tls_server_config.curve_preferences 'P256' is none of CurveP256, ")]
    [InlineData(
        "tls_server_config: {cert_file: missing.crt, key_file: server.key}",
        "tls_server_config.cert_file cannot be used: FOLDER/missing.crt: Could not find")]
    [InlineData(
        "tls_server_config: {cert_file: server.crt, key_file: missing.key}",
        "tls_server_config.cert_file cannot be used: FOLDER/missing.key: Could not find")]
    [InlineData(
        "tls_server_config: {cert_file: nothing.pem, key_file: server.key}",
        "tls_server_config.cert_file cannot be used: FOLDER/nothing.pem with FOLDER/server.key: ")]
    [InlineData(
        "tls_server_config: {cert_file: server.crt, key_file: other.key}",
        "tls_server_config.cert_file cannot be used: FOLDER/server.crt with FOLDER/other.key: ")]
    [InlineData("tls_server_config: {cert: rubbish, key_file: server.key}", "tls_server_config.cert cannot be used: cert with FOLDER/server.key: ")]
    [InlineData(
        "tls_server_config: {CERT, VERIFY, client_ca_file: missing.crt}",
        "tls_server_config.client_ca_file cannot be used: FOLDER/missing.crt: Could not find")]
    [InlineData(
        "tls_server_config: {CERT, VERIFY, client_ca_file: nothing.pem}",
        "tls_server_config.client_ca_file cannot be used: FOLDER/nothing.pem: it holds no root")]
    [InlineData(
        "tls_server_config: {CERT, VERIFY, client_ca_file: between.crt}",
        "tls_server_config.client_ca_file cannot be used: FOLDER/between.crt: it holds no root")]
    public void What_cannot_be_used_is_told_with_file_line_and_key(string yaml, string expected)
    {
        yaml = yaml.Replace("CERT,", "cert_file: server.crt, key_file: server.key,", StringComparison.Ordinal)
            .Replace("VERIFY", "client_auth_type: RequireAndVerifyClientCert", StringComparison.Ordinal)
            .Replace("HASH", Hash, StringComparison.Ordinal)
            .Replace("COSTLY", Hash.Replace("$10$", "$17$", StringComparison.Ordinal), StringComparison.Ordinal);
        var error = Assert.Single(Assert.Throws<ConfigException>(() => Read("# A comment.\n" + yaml)).Errors).ToString();
        Assert.StartsWith($"{_folder.File("web.yml")}:2: ", error, StringComparison.Ordinal);
        Assert.Contains(expected.Replace("FOLDER", _folder.Path, StringComparison.Ordinal), error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_that_the_guide_shows_is_one_that_the_service_takes()
    {
        var shown = Markdown.Blocks(Repository.File("deploy", "security.md"), "## TLS and passwords")[0];
        foreach (var (from, to) in ((string, string)[])[("tls.crt", "server.crt"), ("tls.key", "server.key"), ("/etc/egress-alerts/", "")])
            shown = shown.Replace(from, to, StringComparison.Ordinal);
        var config = Read(shown);
        Assert.True(config.Tls.RequiresClient);
        Assert.Equal(["prometheus"], config.Users.Keys);
    }

    [Fact]
    public void A_file_that_is_not_there_or_too_large_is_refused()
    {
        var missing = Assert.Throws<ConfigException>(() => WebConfig.Read(_folder.File("missing.yml")));
        Assert.Contains("the file cannot be read", missing.Message, StringComparison.Ordinal);
        var error = Assert.Throws<ConfigException>(() => Read(new string('#', WebConfig.MaxBytes + 1)));
        Assert.EndsWith(":0: the file is larger than 1 MiB", error.Message, StringComparison.Ordinal);
        _folder.Write("server.crt", new string('#', WebConfig.MaxBytes + 1));
        Assert.Contains(
            "server.crt is larger than 1 MiB",
            Assert.Throws<ConfigException>(() => Read("tls_server_config: {cert_file: server.crt, key_file: server.key}")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_names_of_a_certificate_are_its_DNS_names_addresses_mail_addresses_and_URIs()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=not-a-name", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("prometheus.example.com");
        names.AddIpAddress(System.Net.IPAddress.Parse("192.0.2.1"));
        names.AddIpAddress(System.Net.IPAddress.Parse("2001:db8::1"));
        names.AddEmailAddress("prometheus@example.com");
        names.AddUri(new Uri("spiffe://cluster.local/ns/monitoring/sa/prometheus"));
        names.AddUserPrincipalName("ignored@example.com");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        Assert.Equal(
            ["192.0.2.1", "2001:db8::1", "prometheus.example.com", "prometheus@example.com", "spiffe://cluster.local/ns/monitoring/sa/prometheus"],
            ClientCertificates.Names(certificate).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("30038201FF")]
    [InlineData("30028200")]
    [InlineData("3003870101")]
    [InlineData("0401AA")]
    [InlineData("30808200")]
    public void Names_that_cannot_be_read_are_none(string extension)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=hostile", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509Extension("2.5.29.17", Convert.FromHexString(extension), false));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        Assert.DoesNotContain(ClientCertificates.Names(certificate), name => name.Length > 0);
    }

    private WebConfig Read(string yaml) => WebConfig.Read(_folder.Write("web.yml", yaml));
}
