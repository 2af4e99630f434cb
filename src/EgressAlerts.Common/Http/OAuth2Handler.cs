using System.Net;
using System.Net.Http.Headers;
using Duende.IdentityModel.Client;

namespace EgressAlerts.Common;

/// <summary>Adds a token to each request. It asks for one when it has none that is good for a while, or when a server did not take the last one. Any thread.
/// </summary>
/// <param name="tokens">What carries the requests for tokens.</param>
internal sealed class OAuth2Handler(OAuth2Settings settings, HttpMessageHandler tokens, HttpMessageHandler inner, TimeProvider time) : DelegatingHandler(inner)
{
    private const int MaxAnswerBytes = 1 << 20;

    /// <summary>A token is not used in the last seconds of its life, as in Prometheus: it would end on the way.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(20);

    /// <summary>Servers should say how long a token lives, but need not (RFC 6749, section 5.1).</summary>
    private static readonly TimeSpan UnknownLife = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http = new(tokens) { MaxResponseContentBufferSize = MaxAnswerBytes, Timeout = MaxTime };
    private readonly SemaphoreSlim _one = new(1);
    private volatile Token? _token;

    /// <summary>How the server wants to know the client. Both ways are allowed, and many servers know one (RFC 6749, section 2.3.1).</summary>
    private ClientCredentialStyle _style = ClientCredentialStyle.AuthorizationHeader;

    /// <exception cref="HttpRequestException">There is no token; its error is <see cref="HttpRequestError.UserAuthenticationError"/>.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var token = await TokenAsync(cancellationToken);
        request.Headers.Authorization = token.Header;
        var response = await base.SendAsync(request, cancellationToken);
        // The next request brings a new one. It may have been revoked.
        if (response.StatusCode == HttpStatusCode.Unauthorized) Interlocked.CompareExchange(ref _token, null, token);
        return response;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _http.Dispose();
            _one.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<Token> TokenAsync(CancellationToken cancel)
    {
        if (Good() is { } known) return known;
        await _one.WaitAsync(cancel);
        try
        {
            return Good() ?? (_token = await AskAsync(cancel));
        }
        finally
        {
            _one.Release();
        }
    }

    private Token? Good() => _token is { } token && time.GetUtcNow() < token.Until ? token : null;

    private async Task<Token> AskAsync(CancellationToken cancel)
    {
        var secret = await SecretFile.ReadAsync(settings.ClientSecret, "oauth2.client_secret_file", settings.ClientSecretFile, HttpText.IsLine, cancel);
        var answer = await RequestAsync(secret, cancel);
        if (answer is { IsError: true, HttpStatusCode: HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized })
        {
            var first = _style;
            _style = first == ClientCredentialStyle.PostBody ? ClientCredentialStyle.AuthorizationHeader : ClientCredentialStyle.PostBody;
            var again = await RequestAsync(secret, cancel);
            if (again.IsError) _style = first;
            else answer = again;
        }

        if (answer.IsError || answer.AccessToken is not { Length: > 0 } text || !HttpText.IsHeaderValue(text)) throw Refused(answer);
        var life = answer.ExpiresIn > 0 ? TimeSpan.FromSeconds(answer.ExpiresIn) : UnknownLife;
        return new(new(answer.TokenType is { } type && HttpText.IsToken(type) ? type : "Bearer", text), time.GetUtcNow() + life - Margin);
    }

    private async Task<TokenResponse> RequestAsync(string secret, CancellationToken cancel)
    {
        using var request = new ClientCredentialsTokenRequest
        {
            Address = HttpText.WithoutCredentials(settings.TokenUrl!).AbsoluteUri,
            ClientId = settings.ClientId,
            ClientSecret = secret,
            ClientCredentialStyle = _style,
            Scope = settings.Scopes.Count > 0 ? string.Join(' ', settings.Scopes) : null,
        };
        foreach (var (name, value) in settings.EndpointParams) request.Parameters.AddOptional(name, value);
        return await _http.RequestClientCredentialsTokenAsync(request, cancel);
    }

    /// <summary>The server's words are not repeated, because they may hold what was sent. Its code for the error is.</summary>
    private HttpRequestException Refused(TokenResponse answer)
    {
        var server = HttpText.Printable(settings.TokenUrl!.AbsoluteUri);
        var why = answer switch
        {
            { ErrorType: ResponseErrorType.Exception, Exception: { } e } => $"cannot be asked for a token: {(e.InnerException ?? e).Message}",
            { IsError: true, Error: { Length: > 0 and < 64 } code } when HttpText.IsToken(code) => $"gives no token: {(int)answer.HttpStatusCode} {code}",
            { IsError: true } => $"gives no token: {(int)answer.HttpStatusCode}",
            _ => "gives no token that a header can carry",
        };
        return new(HttpRequestError.UserAuthenticationError, $"oauth2: {server} {why}");
    }

    private sealed record Token(AuthenticationHeaderValue Header, DateTimeOffset Until);
}
