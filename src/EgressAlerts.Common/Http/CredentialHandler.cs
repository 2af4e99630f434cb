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
            var password = await SecretAsync(
                settings.Password, "basic_auth.password_file", settings.PasswordFile, HttpText.IsLine, cancellationToken);
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{settings.Username}:{password}")));
        }
        else if (settings.Credentials.Length > 0 || settings.CredentialsFile.Length > 0)
        {
            var credentials = await SecretAsync(
                settings.Credentials, "authorization.credentials_file", settings.CredentialsFile, HttpText.IsHeaderValue, cancellationToken);
            request.Headers.Authorization = new(settings.AuthorizationType, credentials);
        }

        foreach (var (name, header) in settings.Headers) request.Headers.TryAddWithoutValidation(name, [.. header.Values, .. header.Secrets]);
        return await base.SendAsync(request, cancellationToken);
    }

    /// <summary>The value, or else what the file holds without white space around it, as Prometheus reads it.</summary>
    private static async Task<string> SecretAsync(string value, string key, string file, Func<string, bool> isGood, CancellationToken cancel)
    {
        if (file.Length == 0) return value;
        if (Directory.Exists(file)) throw Unusable(key, $"'{file}' is a directory");
        try
        {
            var secret = (await File.ReadAllTextAsync(file, cancel)).Trim();
            if (secret.Length == 0) throw Unusable(key, $"'{file}' is empty");
            return isGood(secret) ? secret : throw Unusable(key, $"'{file}' must hold one line without control characters");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(key, e.Message);
        }
    }

    private static HttpRequestException Unusable(string key, string why) => new(HttpRequestError.UserAuthenticationError, $"{key} cannot be read: {why}");
}
