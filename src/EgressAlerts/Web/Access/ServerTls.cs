using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EgressAlerts.Web;

/// <summary>Makes what the platform needs for a handshake from the section <c>tls_server_config</c>.</summary>
internal static class ServerTls
{
    /// <summary>Options for any number of connections.</summary>
    /// <param name="refused">Called for each client whose certificate is not taken.</param>
    /// <exception cref="InvalidDataException">A file cannot be used; the message names it and says why.</exception>
    public static SslServerAuthenticationOptions Load(TlsServerOptions options, bool isHttp2On, Action refused)
    {
        var clients = new ClientCertificates(options);
        return new()
        {
            ServerCertificateContext = Certificate(options),
            EnabledSslProtocols = Versions(options),
            CipherSuitesPolicy = Ciphers(options),
            ApplicationProtocols = isHttp2On ? [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11] : [SslApplicationProtocol.Http11],
            AllowRenegotiation = false,
            ClientCertificateRequired = options.AsksClient,
            CertificateChainPolicy = options.AsksClient ? ChainPolicy(options) : null,
            RemoteCertificateValidationCallback = options.AsksClient ? Validate : null,

            // Who has a certificate is asked anew on each connection. A resumed session would go on with an answer of the past.
            AllowTlsResume = !options.AsksClient,
        };

        bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
        {
            if (clients.IsWelcome(certificate, errors)) return true;
            refused();
            return false;
        }
    }

    /// <summary>The first certificate with its key. Those behind it are sent with it, because a client may know only the root.</summary>
    /// <exception cref="InvalidDataException">It cannot be read, or certificate and key do not belong together.</exception>
    public static SslStreamCertificateContext Certificate(TlsServerOptions options)
    {
        var (certificate, key) = (Pem(options, options.CertFile, options.Cert), Pem(options, options.KeyFile, options.Key));
        return Read($"{Name(options, options.CertFile, "cert")} with {Name(options, options.KeyFile, "key")}", () =>
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificate);
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(certificate, key), chain, offline: true);
        });
    }

    /// <summary>The roots that clients' certificates must lead to.</summary>
    /// <exception cref="InvalidDataException">It cannot be read, or holds no root.</exception>
    public static X509Certificate2Collection Roots(TlsServerOptions options)
    {
        var pem = Pem(options, options.ClientCaFile, options.ClientCa);
        return Read(Name(options, options.ClientCaFile, "client_ca"), () =>
        {
            var roots = new X509Certificate2Collection();
            roots.ImportFromPem(pem);
            return roots.Any(root => root.SubjectName.RawData.AsSpan().SequenceEqual(root.IssuerName.RawData))
                ? roots
                : throw new CryptographicException("it holds no root, which is a certificate that signed itself");
        });
    }

    private static X509ChainPolicy ChainPolicy(TlsServerOptions options)
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,

            // A client's certificate may name an address to fetch its issuer from. The service does not go where a stranger sends it.
            DisableCertificateDownloads = true,
        };
        if (!options.HasClientCa) return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(Roots(options));
        return policy;
    }

    private static SslProtocols Versions(TlsServerOptions options) =>
        (options.MinVersion == "TLS13" ? SslProtocols.None : SslProtocols.Tls12) | (options.MaxVersion == "TLS13" ? SslProtocols.Tls13 : SslProtocols.None);

    /// <summary>The suites of TLS 1.3 are always there, as in Go: the list is about TLS 1.2.</summary>
    private static CipherSuitesPolicy? Ciphers(TlsServerOptions options)
    {
        if (options.CipherSuites.Count == 0 || OperatingSystem.IsWindows()) return null;
        TlsCipherSuite[] modern = [TlsCipherSuite.TLS_AES_128_GCM_SHA256, TlsCipherSuite.TLS_AES_256_GCM_SHA384, TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256];
        return new(options.CipherSuites.Select(Enum.Parse<TlsCipherSuite>).Union(modern));
    }

    private static string Name(TlsServerOptions options, string file, string key) => file.Length > 0 ? options.PathOf(file) : key;

    private static string Pem(TlsServerOptions options, string file, string inline)
    {
        if (file.Length == 0) return inline;
        var path = options.PathOf(file);
        if (new FileInfo(path) is { Exists: true, Length: > WebConfig.MaxBytes }) throw new InvalidDataException($"{path} is larger than 1 MiB");
        return Read(path, () => File.ReadAllText(path));
    }

    private static T Read<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InvalidDataException($"{what}: {e.Message}", e);
        }
    }
}
