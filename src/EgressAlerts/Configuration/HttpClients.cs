using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EgressAlerts.Configuration;

/// <summary>Makes HTTP clients from their settings. Time limits are the callers'.</summary>
internal static class HttpClients
{
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    public static HttpClient Create(HttpSettings settings)
    {
        var handler = new SocketsHttpHandler
        {
            PooledConnectionLifetime = ConnectionLifetime, // Name changes of a server are seen in time.
            UseProxy = settings.ProxyUrl is not null,
            Proxy = settings.ProxyUrl is { } proxy ? new WebProxy(proxy) : null,
            UseCookies = false,
            AllowAutoRedirect = false, // The headers of http_headers would follow to whatever host a redirect names. The API does not redirect.
            SslOptions = Tls(settings),
        };
        return new HttpClient(new CredentialHandler(settings, handler)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static SslClientAuthenticationOptions Tls(HttpSettings settings)
    {
        try
        {
            return LoadTls(settings);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigException([new("tls_config", 0, $"a certificate cannot be used: {e.Message}: ca_file, cert_file and key_file must be PEM files that this process may read")]);
        }
    }

    private static SslClientAuthenticationOptions LoadTls(HttpSettings settings)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = settings.ServerName.Length > 0 ? settings.ServerName : null };
        if (settings.CertFile.Length > 0)
            options.ClientCertificates = [X509Certificate2.CreateFromPemFile(settings.CertFile, settings.KeyFile.Length > 0 ? settings.KeyFile : null)];
        if (settings.CaFile.Length > 0)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(settings.CaFile);
            options.CertificateChainPolicy = policy;
        }

#pragma warning disable CA5359 // The user asked for it by name: tls_config.insecure_skip_verify.
        if (settings.InsecureSkipVerify) options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        return options;
    }

    /// <summary>Adds credentials and headers, reading secret files anew each time.</summary>
    private sealed class CredentialHandler(HttpSettings settings, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("EgressAlerts", ServiceVersion.Text));
            if (settings.Username.Length > 0)
            {
                var password = await SecretAsync(settings.Password, settings.PasswordFile, cancellationToken);
                request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{settings.Username}:{password}")));
            }
            else if (settings.Credentials.Length > 0 || settings.CredentialsFile.Length > 0)
            {
                request.Headers.Authorization = new(settings.AuthorizationType, await SecretAsync(settings.Credentials, settings.CredentialsFile, cancellationToken));
            }

            foreach (var (name, values) in settings.Headers) request.Headers.TryAddWithoutValidation(name, values);
            return await base.SendAsync(request, cancellationToken);
        }

        private static async Task<string> SecretAsync(string value, string file, CancellationToken cancel) =>
            file.Length > 0 ? (await File.ReadAllTextAsync(file, cancel)).Trim() : value;
    }
}
