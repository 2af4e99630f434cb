using EgressAlerts.Configuration;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>The HTTP client settings, as a server sees them.</summary>
public sealed class HttpClientTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private LoopbackServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await LoopbackServer.StartAsync();
        _server.Answer = context => context.Response.WriteAsync($"{context.Request.Headers.Authorization}|{context.Request.Headers["X-Scope-OrgID"]}|{context.Request.Headers.UserAgent}");
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
    public void A_certificate_that_is_none_is_told_when_the_configuration_is_loaded()
    {
        var error = Assert.Throws<ConfigException>(() => Client($"prometheus: {{tls_config: {{ca_file: '{_folder.File("nowhere.pem")}'}}}}"));
        Assert.Contains("prometheus.tls_config.ca_file", error.Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);
        var junk = _folder.Write("junk.pem", "no certificate");
        Assert.Contains("a certificate cannot be used", Assert.Throws<ConfigException>(() => Client($"prometheus: {{tls_config: {{cert_file: '{junk}'}}}}")).Message, StringComparison.Ordinal);
    }

    private HttpClient Client(string yaml) => HttpClients.Create(ConfigLoader.Load(_folder.Write("a.yml", yaml)).PrometheusHttp);
}
