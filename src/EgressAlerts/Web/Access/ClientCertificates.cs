using System.Formats.Asn1;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace EgressAlerts.Web;

/// <summary>Decides whether a client may connect, by the certificate that it shows. Any thread.</summary>
internal sealed class ClientCertificates(TlsServerOptions options)
{
    private const string SubjectAlternativeName = "2.5.29.17";

    private readonly HashSet<string> _allowed = new(options.ClientAllowedSans, StringComparer.Ordinal);

    /// <param name="certificate">Null where the client shows none.</param>
    /// <param name="errors">What the platform finds wrong with it. It has made sure that the client has the key.</param>
    public bool IsWelcome(X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (certificate is null) return !options.RequiresClient;
        if (options.VerifiesClient && errors != SslPolicyErrors.None) return false;
        return _allowed.Count == 0 || Names(certificate).Any(_allowed.Contains);
    }

    /// <summary>The DNS names, addresses, e-mail addresses and URIs that a certificate is for. Empty where they cannot be read.</summary>
    internal static IReadOnlyList<string> Names(X509Certificate certificate)
    {
        try
        {
            var whole = certificate as X509Certificate2 ?? X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            return whole.Extensions.FirstOrDefault(extension => extension.Oid?.Value == SubjectAlternativeName) is { } names ? Read(names.RawData) : [];
        }
        catch (AsnContentException)
        {
            return [];
        }
    }

    /// <summary>Reads GeneralNames (RFC 5280, 4.2.1.6).</summary>
    private static List<string> Read(byte[] extension)
    {
        var names = new List<string>();
        var reader = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (reader.HasData)
        {
            var tag = reader.PeekTag();
            if (tag is { TagClass: TagClass.ContextSpecific, TagValue: 1 or 2 or 6 }) names.Add(reader.ReadCharacterString(UniversalTagNumber.IA5String, tag));
            else if (tag is { TagClass: TagClass.ContextSpecific, TagValue: 7 })
            {
                var address = reader.ReadOctetString(tag);
                if (address.Length is 4 or 16) names.Add(new IPAddress(address).ToString());
            }
            else
            {
                _ = reader.ReadEncodedValue();
            }
        }

        return names;
    }
}
