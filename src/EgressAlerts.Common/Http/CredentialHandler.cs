using System.Net.Http.Headers;
using System.Text;

namespace EgressAlerts.Common;

/// <summary>Adds credentials and headers. A secret file is read for each request, so a new secret needs no reload.</summary>
internal sealed class CredentialHandler(HttpSettings settings, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private static readonly ProductInfoHeaderValue Agent = new("EgressAlerts", typeof(CredentialHandler).Assembly.GetName().Version!.ToString(3));

    /// <exception cref="HttpRequestException">A secret file cannot be used; its error is <see cref="HttpRequestError.UserAuthenticationError"/>.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.UserAgent.Add(Agent);
        if (settings.Username.Length > 0)
        {
            var password = await SecretFile.ReadAsync(
                settings.Password, "basic_auth.password_file", settings.PasswordFile, HttpText.IsLine, cancellationToken);
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{settings.Username}:{password}")));
        }
        else if (settings.Credentials.Length > 0 || settings.CredentialsFile.Length > 0)
        {
            var credentials = await SecretFile.ReadAsync(
                settings.Credentials, "authorization.credentials_file", settings.CredentialsFile, HttpText.IsHeaderValue, cancellationToken);
            request.Headers.Authorization = new(settings.AuthorizationType, credentials);
        }

        foreach (var (name, header) in settings.Headers) request.Headers.TryAddWithoutValidation(name, [.. header.Values, .. header.Secrets]);
        return await base.SendAsync(request, cancellationToken);
    }
}
