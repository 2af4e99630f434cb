using System.Text;
using EgressAlerts.Common;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>The section <c>oauth2</c> against a server that gives tokens, in all the ways in which such servers differ.</summary>
public sealed class OAuth2Tests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly HandTime _time = new();
    private readonly List<string> _asked = [];
    private readonly List<string> _carried = [];
    private LoopbackServer _tokens = null!;
    private LoopbackServer _api = null!;
    private Func<HttpContext, IFormCollection, string> _answer = null!;
    private int _apiStatus = 200;

    public async Task InitializeAsync()
    {
        (_tokens, _api) = (await LoopbackServer.StartAsync(), await LoopbackServer.StartAsync());
        _answer = (_, _) => $$"""{"access_token": "token-{{_asked.Count}}", "token_type": "Bearer", "expires_in": 60}""";
        _tokens.Answer = async context =>
        {
            var form = await context.Request.ReadFormAsync();
            var body = string.Join('&', form.Select(one => $"{one.Key}={one.Value}").Order(StringComparer.Ordinal));
            lock (_asked) _asked.Add($"{context.Request.Headers.Authorization} {body}");
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(_answer(context, form));
        };
        _api.Answer = context =>
        {
            lock (_carried) _carried.Add(context.Request.Headers.Authorization.ToString());
            context.Response.StatusCode = _apiStatus;
            return Task.CompletedTask;
        };
    }

    public async Task DisposeAsync()
    {
        await _tokens.DisposeAsync();
        await _api.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task One_token_serves_all_requests_until_ten_seconds_before_its_end()
    {
        using var http = Client(Settings with { Scopes = ["read", "query"], EndpointParams = new Dictionary<string, string> { ["audience"] = "mimir" } });
        await Task.WhenAll(GetAsync(http), GetAsync(http), GetAsync(http));
        Assert.Equal(["Bearer token-1", "Bearer token-1", "Bearer token-1"], _carried);
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes("egress-alerts:hush"));
        Assert.Equal($"Basic {basic} audience=mimir&grant_type=client_credentials&scope=read query", Assert.Single(_asked));

        _time.Advance(TimeSpan.FromSeconds(49));
        await GetAsync(http);
        _time.Advance(TimeSpan.FromSeconds(1));
        await GetAsync(http);
        Assert.Equal(["Bearer token-1", "Bearer token-2"], _carried[^2..]);
    }

    [Fact]
    public async Task A_server_that_wants_the_client_in_the_body_is_understood_and_remembered()
    {
        _answer = (context, form) =>
        {
            if (form.ContainsKey("client_secret")) return """{"access_token": "t", "token_type": "Bearer", "expires_in": 20}""";
            context.Response.StatusCode = 401;
            return """{"error": "invalid_client"}""";
        };
        using var http = Client(Settings);
        await GetAsync(http);
        _time.Advance(TimeSpan.FromSeconds(30));
        await GetAsync(http);
        Assert.Equal(["Bearer t", "Bearer t"], _carried);
        Assert.Equal(3, _asked.Count);
        Assert.All(_asked[1..], asked => Assert.Equal(" client_id=egress-alerts&client_secret=hush&grant_type=client_credentials", asked));
    }

    [Fact]
    public async Task A_token_that_the_server_does_not_take_is_replaced_with_the_next_request()
    {
        using var http = Client(Settings);
        _apiStatus = 401;
        using (var refused = await http.GetAsync(_api.Address)) Assert.Equal(401, (int)refused.StatusCode);
        _apiStatus = 200;
        await GetAsync(http);
        Assert.Equal(["Bearer token-1", "Bearer token-2"], _carried);
    }

    [Fact]
    public async Task A_secret_file_is_read_for_each_token()
    {
        using var http = Client(Settings with { ClientSecret = "", ClientSecretFile = _folder.File("secret") });
        var missing = await FailAsync(http);
        Assert.StartsWith("oauth2.client_secret_file cannot be read: ", missing, StringComparison.Ordinal);
        _folder.Write("secret", "hush\n");
        await GetAsync(http);
        Assert.StartsWith($"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes("egress-alerts:hush"))}", Assert.Single(_asked), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, """{"error": "invalid_scope", "error_description": "hush is no secret"}""", "gives no token: 400 invalid_scope")]
    [InlineData(403, "hush", "gives no token: 403")]
    [InlineData(200, "<html>hush</html>", "cannot be asked for a token: ")]
    [InlineData(200, """{"token_type": "Bearer"}""", "gives no token that a header can carry")]
    [InlineData(200, """{"access_token": "a\nb"}""", "gives no token that a header can carry")]
    public async Task A_refusal_names_the_server_and_its_reason_and_never_the_secret(int status, string answer, string expected)
    {
        _answer = (context, _) =>
        {
            context.Response.StatusCode = status;
            return answer;
        };
        using var http = Client(Settings);
        var told = await FailAsync(http);
        Assert.StartsWith($"oauth2: {_tokens.Address} {expected}", told, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", told, StringComparison.Ordinal);
        Assert.Empty(_carried);

        _answer = (_, _) => """{"access_token": "t"}""";
        await GetAsync(http);
    }

    [Fact]
    public async Task An_answer_of_more_than_a_mebibyte_and_a_server_that_is_away_are_told()
    {
        _answer = (_, _) => new string(' ', 2 << 20);
        using var http = Client(Settings);
        Assert.Contains("cannot be asked for a token: ", await FailAsync(http), StringComparison.Ordinal);
        using var away = Client(Settings with { TokenUrl = new Uri($"http://127.0.0.1:{FreePort.Next()}/token") });
        Assert.Contains("cannot be asked for a token: Connection refused", await FailAsync(away), StringComparison.Ordinal);
    }

    private OAuth2Settings Settings => new() { ClientId = "egress-alerts", ClientSecret = "hush", TokenUrl = _tokens.Address };

    private HttpClient Client(OAuth2Settings settings) =>
        HttpClients.Over(new OAuth2Handler(settings, new SocketsHttpHandler(), new SocketsHttpHandler(), _time));

    private async Task GetAsync(HttpClient http) => Assert.Equal("", await http.GetStringAsync(_api.Address));

    private async Task<string> FailAsync(HttpClient http)
    {
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(_api.Address));
        Assert.Equal(HttpRequestError.UserAuthenticationError, failure.HttpRequestError);
        return failure.Message;
    }
}
