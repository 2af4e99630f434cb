using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>The HTTP client settings, as a server sees them.</summary>
public sealed class HttpClientTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private LoopbackServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await LoopbackServer.StartAsync();
        _server.Answer = context =>
        {
            var headers = context.Request.Headers;
            return context.Response.WriteAsync($"{headers.Authorization}|{headers["X-Scope-OrgID"]}|{headers.UserAgent}");
        };
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Credentials_and_headers_are_sent_and_a_rotated_secret_needs_no_reload()
    {
        var token = _folder.Write("token", "first\n");
        using var http = Client($$"""
            prometheus:
              authorization: { credentials_file: '{{token}}' }
              http_headers: { X-Scope-OrgID: { values: [tenant-a] } }
            """);
        Assert.StartsWith("Bearer first|tenant-a|EgressAlerts/", await http.GetStringAsync(_server.Address), StringComparison.Ordinal);
        _folder.Write("token", "second\n");
        Assert.StartsWith("Bearer second|", await http.GetStringAsync(_server.Address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_and_password_are_sent_as_basic_auth()
    {
        using var http = Client("prometheus: {basic_auth: {username: me, password: 'p:w'}}");
        Assert.StartsWith("Basic bWU6cDp3|", await http.GetStringAsync(_server.Address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_and_password_in_the_url_are_sent_as_basic_auth_and_stand_in_no_url_any_more()
    {
        var settings = ConfigLoader.Load(_folder.Write("a.yml", $"prometheus: {{url: 'http://me:p%3Aw@{_server.Address.Authority}/prefix?dedup=true'}}"));
        Assert.Equal(new Uri(_server.Address, "prefix?dedup=true"), settings.Prometheus.Url);
        using var http = HttpClients.Create(settings.PrometheusHttp, NullLogger.Instance);
        Assert.StartsWith("Basic bWU6cDp3|", await http.GetStringAsync(settings.Prometheus.Url), StringComparison.Ordinal);

        var withUser = _folder.Write("a.yml", "alerting: {alertmanagers: [{url: 'http://me@127.0.0.1:9093/'}]}");
        var alertmanager = ConfigLoader.Load(withUser).Alerting.Alertmanagers.Single();
        Assert.Equal((new Uri("http://127.0.0.1:9093/"), "me", ""), (alertmanager.Url, alertmanager.Http.Username, alertmanager.Http.Password));
    }

    [Theory]
    [InlineData("authorization: {credentials_file: FILE}", "authorization.credentials_file cannot be read: ", "Bearer s3cret|")]
    [InlineData("basic_auth: {username: me, password_file: FILE}", "basic_auth.password_file cannot be read: ", "Basic bWU6czNjcmV0|")]
    public async Task A_secret_file_that_cannot_be_used_fails_the_request_with_its_name_until_it_can(string yaml, string expected, string sent)
    {
        var file = _folder.File("secret");
        using var http = Client($"prometheus: {{{yaml.Replace("FILE", file, StringComparison.Ordinal)}}}");
        await FailsAsync("Could not find file");
        Directory.CreateDirectory(file);
        await FailsAsync("is a directory");
        Directory.Delete(file);
        foreach (var (content, why) in ((string, string)[])[("\n", "is empty"), ("s3\ncret\n", "must hold one line without control characters")])
        {
            _folder.Write("secret", content);
            await FailsAsync(why);
        }

        _folder.Write("secret", " s3cret\r\n");
        Assert.StartsWith(sent, await http.GetStringAsync(_server.Address), StringComparison.Ordinal);

        async Task FailsAsync(string why)
        {
            var error = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(_server.Address));
            Assert.Equal(HttpRequestError.UserAuthenticationError, error.HttpRequestError);
            Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
            Assert.Contains(why, error.Message, StringComparison.Ordinal);
            Assert.Contains(file, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("s3", error.Message.Replace(file, "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_redirect_is_an_answer_and_is_not_followed()
    {
        _server.Answer = context =>
        {
            context.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        };
        using var http = Client("prometheus: {}");
        using var response = await http.GetAsync(_server.Address);
        Assert.Equal(302, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_proxy_gets_the_requests_for_a_server_that_only_it_can_reach()
    {
        _server.Answer = context => context.Response.WriteAsync($"for {context.Request.Host}{context.Request.Path}");
        using var http = Client($"prometheus: {{proxy_url: '{_server.Address}'}}");
        Assert.Equal("for prometheus.invalid:9090/api", await http.GetStringAsync(new Uri("http://prometheus.invalid:9090/api")));
    }

    [Fact]
    public void A_certificate_that_is_none_is_told_when_the_configuration_is_loaded()
    {
        var error = Assert.Throws<ConfigException>(() => Client($"prometheus: {{tls_config: {{ca_file: '{_folder.File("nowhere.pem")}'}}}}"));
        Assert.Contains("prometheus.tls_config.ca_file", error.Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);
        var junk = _folder.Write("junk.pem", "no certificate");
        Assert.Contains(
            $"a.yml:1: prometheus.tls_config.cert_file cannot be used: {junk}: ",
            Assert.Throws<ConfigException>(() => Client($"prometheus: {{tls_config: {{cert_file: '{junk}'}}}}")).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            $"a.yml:2: alerting.alertmanagers[0].tls_config.ca_file cannot be used: {junk}: it holds no certificate",
            Assert.Throws<ConfigException>(() => Client($"alerting:\n  alertmanagers: [{{url: 'https://x', tls_config: {{ca_file: '{junk}'}}}}]")).Message,
            StringComparison.Ordinal);
    }

    private HttpClient Client(string yaml) => HttpClients.Create(ConfigLoader.Load(_folder.Write("a.yml", yaml)).PrometheusHttp, NullLogger.Instance);
}
