using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EgressAlerts.Common;

/// <summary>Reads the PEM files of <c>tls_config</c>.</summary>
internal static class TlsFiles
{
    /// <summary>Changes with the content of the files. Times of change are too coarse for that: two files written in the same 4 ms have the same.</summary>
    public static string Fingerprint(TlsSettings settings) =>
        string.Join(' ', ((string[])[settings.CaFile, settings.CertFile, settings.KeyFile]).Where(file => file.Length > 0).Select(Hash));

    /// <exception cref="InvalidDataException">A file cannot be used; the message says which one and why.</exception>
    public static SslClientAuthenticationOptions Load(TlsSettings settings)
    {
        var options = new SslClientAuthenticationOptions();
        if (settings.CertFile.Length > 0) options.ClientCertificateContext = ClientCertificate(settings.CertFile, settings.KeyFile);
        if (settings.CaFile.Length > 0) options.CertificateChainPolicy = Authorities(settings.CaFile);
#pragma warning disable CA5359 // The user asked for it by name: tls_config.insecure_skip_verify.
        if (settings.InsecureSkipVerify) options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        return options;
    }

    /// <summary>The only authorities that a server's certificate may come from.</summary>
    /// <exception cref="InvalidDataException">The file cannot be read or holds no certificate.</exception>
    public static X509ChainPolicy Authorities(string file) => Read(file, () =>
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(file);
        return policy.CustomTrustStore.Count > 0 ? policy : throw new CryptographicException("it holds no certificate");
    });

    /// <summary>The first certificate of the file with its key. The others are sent with it, because a server may know only the root.</summary>
    /// <param name="keyFile">Empty where the key stands in <paramref name="file"/> too.</param>
    /// <exception cref="InvalidDataException">A file cannot be read, or certificate and key do not belong together.</exception>
    public static SslStreamCertificateContext ClientCertificate(string file, string keyFile) => Read(keyFile.Length > 0 ? $"{file} with {keyFile}" : file, () =>
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(file);
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(file, keyFile.Length > 0 ? keyFile : null), chain, offline: true);
    });

    private static string Hash(string file)
    {
        try
        {
            return Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "unreadable";
        }
    }

    private static T Read<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{what}: {e.Message}", e);
        }
    }
}
