using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EgressAlerts.Testing;

/// <summary>Makes certificates in memory, good for a day: an authority, and what it issues.</summary>
public sealed class Authority : IDisposable
{
    private readonly X509Certificate2 _certificate;

    private Authority(X509Certificate2 certificate) => _certificate = certificate;

    public X509Certificate2 Certificate => _certificate;

    public string Pem => _certificate.ExportCertificatePem();

    /// <summary>A root, which has signed itself.</summary>
    public static Authority Root(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (from, until) = Validity();
        return new(Request(name, key, isAuthority: true).CreateSelfSigned(from, until));
    }

    /// <summary>An authority below this one.</summary>
    public Authority Intermediate(string name) => new(Sign(name, isAuthority: true));

    /// <summary>A certificate with its key, for a server or a client.</summary>
    /// <param name="names">DNS names that it is for; 127.0.0.1 where none are given.</param>
    public X509Certificate2 Issue(string name, params string[] names) => Sign(name, isAuthority: false, names);

    public void Dispose() => _certificate.Dispose();

    private X509Certificate2 Sign(string name, bool isAuthority, params string[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(name, key, isAuthority);
        if (!isAuthority)
        {
            var subject = new SubjectAlternativeNameBuilder();
            foreach (var dns in names) subject.AddDnsName(dns);
            if (names.Length == 0) subject.AddIpAddress(System.Net.IPAddress.Loopback);
            request.CertificateExtensions.Add(subject.Build());
        }

        var (from, until) = Validity();
        using var signed = request.Create(_certificate, from, until, RandomNumberGenerator.GetBytes(16));
        return signed.CopyWithPrivateKey(key);
    }

    private static CertificateRequest Request(string name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        return request;
    }

    /// <summary>All certificates end at the same instant, because none may outlive its issuer.</summary>
    private static (DateTimeOffset From, DateTimeOffset Until) Validity()
    {
        var today = new DateTimeOffset(TimeProvider.System.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
        return (today.AddDays(-1), today.AddDays(2));
    }
}
