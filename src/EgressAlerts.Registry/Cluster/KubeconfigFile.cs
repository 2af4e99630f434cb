using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EgressAlerts.Common;
using k8s;
using k8s.KubeConfigModels;
using YamlDotNet.Core;

namespace EgressAlerts.Registry;

/// <summary>Reads a kubeconfig and makes the client that it describes. KubernetesClient reads the file. The HTTP client is ours, for the reasons that
/// <see cref="ServiceAccount"/> has.</summary>
internal static class KubeconfigFile
{
    private const long MaxBytes = 1 << 20;

    /// <exception cref="InvalidDataException">The file cannot be used. The message says why, and what to do. It holds no secret.</exception>
    public static ClusterAccess Open(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists) throw new InvalidDataException($"there is no file '{path}'; write one with 'kubectl config view --minify --flatten'");
            if (file.Length > MaxBytes) throw new InvalidDataException($"{path} is larger than {MaxBytes >> 20} MiB");
            using var stream = file.OpenRead();
            var content = KubernetesClientConfiguration.LoadKubeConfig(stream); // Null for an empty file.
            Check(path, content);
            content.FileName = file.FullName; // Paths in the file begin at its folder.
            return Open(path, KubernetesClientConfiguration.BuildConfigFromConfigObject(content));
        }
        catch (YamlException e)
        {
            throw new InvalidDataException($"{path}:{e.Start.Line}: this is no kubeconfig", e); // The message of the parser may quote a secret.
        }
        catch (Exception e) when (e is not InvalidDataException)
        {
            throw new InvalidDataException($"{path} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Looks for what the package would do that must not be done here: it would start the programs that a user names under <c>exec</c>.</summary>
    private static void Check(string path, [NotNull] K8SConfiguration? content)
    {
        if (content?.CurrentContext is not { Length: > 0 } current)
            throw new InvalidDataException($"{path} has no current-context; choose one with 'kubectl config use-context NAME'");
        bool Is(string? name, string? wanted) => string.Equals(name, wanted, StringComparison.OrdinalIgnoreCase); // As the package compares names.
        var context = content.Contexts?.FirstOrDefault(one => Is(one.Name, current))?.ContextDetails
            ?? throw new InvalidDataException($"{path} has no context '{QuotedText.Of(current, 80)}', which is its current-context");
        var user = content.Users?.FirstOrDefault(one => Is(one.Name, context.User))?.UserCredentials;
        if (user?.ExternalExecution is not null || user?.AuthProvider is not null)
        {
            throw new InvalidDataException(
                $"{path} gets its credentials from a program (exec or auth-provider), and no program is started here; use a service account's token");
        }

        if (!string.IsNullOrEmpty(user?.Impersonate))
            throw new InvalidDataException($"{path} acts as another user ('as'), which is not supported; use a service account's token");
        if (content.Clusters?.FirstOrDefault(one => Is(one.Name, context.Cluster))?.ClusterEndpoint is not { } cluster)
            throw new InvalidDataException($"{path} has no cluster for its current-context");
        if (cluster.SkipTlsVerify)
        {
            throw new InvalidDataException(
                $"{path} sets insecure-skip-tls-verify, so anybody could pretend to be the API; name the cluster's authority in certificate-authority");
        }
    }

    private static ClusterAccess Open(string path, KubernetesClientConfiguration config)
    {
        var server = new Uri(config.Host);
        if (server.Scheme != Uri.UriSchemeHttps && !(server.Scheme == Uri.UriSchemeHttp && server.IsLoopback))
            throw new InvalidDataException($"{path} names the server {HttpText.Printable(config.Host)}; only https is safe beyond this machine");
        var token = config.AccessToken ?? "";
        if (!HttpText.IsHeaderValue(token)) throw new InvalidDataException($"{path} has a token with a character that no header may have");
        var http = HttpClients.Over(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            SslOptions = Tls(config),
        });
        if (token.Length > 0) http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        else if (!string.IsNullOrEmpty(config.Username)) http.DefaultRequestHeaders.Authorization = new("Basic", Basic(config));

        // SocketsHttpHandler asks the server for the name in this header, and checks its certificate against it.
        if (!string.IsNullOrEmpty(config.TlsServerName)) http.DefaultRequestHeaders.Host = config.TlsServerName;
        return new(HttpText.WithoutCredentials(server), http);
    }

    private static string Basic(KubernetesClientConfiguration config) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{config.Username}:{config.Password}"));

    /// <summary>No callback decides about certificates. So the platform checks the chain up to the cluster's authority and the host name.</summary>
    private static SslClientAuthenticationOptions Tls(KubernetesClientConfiguration config)
    {
        var tls = new SslClientAuthenticationOptions();
        if (config.SslCaCerts is { Count: > 0 } authorities)
        {
            tls.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        var certificate = Pem(config.ClientCertificateData, config.ClientCertificateFilePath);
        var key = Pem(config.ClientCertificateKeyData, config.ClientKeyFilePath);
        if (certificate.Length == 0 || key.Length == 0) return tls;
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate);
        tls.ClientCertificateContext = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(certificate, key), chain, offline: true);
        return tls;
    }

    private static string Pem(string? data, string? file) =>
        !string.IsNullOrEmpty(data) ? Encoding.UTF8.GetString(Convert.FromBase64String(data)) : !string.IsNullOrEmpty(file) ? File.ReadAllText(file) : "";
}
