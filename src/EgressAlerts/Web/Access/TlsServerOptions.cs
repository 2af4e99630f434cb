using EgressAlerts.Common;

namespace EgressAlerts.Web;

/// <summary>The section <c>tls_server_config</c>. An empty text means that it is not set.</summary>
internal sealed record TlsServerOptions : ICheckedOptions
{
    private static readonly string[] Keys =
    [
        "cert", "key", "client_ca", "cert_file", "key_file", "client_auth_type", "client_ca_file", "client_allowed_sans", "min_version", "max_version",
        "cipher_suites", "prefer_server_cipher_suites", "curve_preferences",
    ];

    /// <summary>What relative names of files begin at.</summary>
    [NoKey]
    public string Folder { get; init; } = "";

    /// <summary>PEM: the server's certificate, then those that lead from it to the root. Instead of <see cref="CertFile"/>.</summary>
    public string Cert { get; init; } = "";

    /// <summary>PEM: the key of the certificate. Instead of <see cref="KeyFile"/>.</summary>
    public string Key { get; init; } = "";

    /// <summary>PEM: the roots that clients' certificates must come from. Instead of <see cref="ClientCaFile"/>.</summary>
    public string ClientCa { get; init; } = "";

    public string CertFile { get; init; } = "";

    public string KeyFile { get; init; } = "";

    public string ClientCaFile { get; init; } = "";

    /// <summary>One of Go's names. RequireClientCert is an old name of RequireAnyClientCert.</summary>
    [OneOf("NoClientCert", "RequestClientCert", "RequireAnyClientCert", "RequireClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert")]
    public string ClientAuthType { get; init; } = "NoClientCert";

    /// <summary>A client's certificate must have one of these names. Empty: any name will do.</summary>
    public IReadOnlyList<string> ClientAllowedSans { get; init; } = [];

    /// <summary>TLS10 and TLS11 mean TLS12: the service speaks no older version.</summary>
    [OneOf("TLS10", "TLS11", "TLS12", "TLS13")]
    public string MinVersion { get; init; } = "TLS12";

    [OneOf("TLS10", "TLS11", "TLS12", "TLS13")]
    public string MaxVersion { get; init; } = "TLS13";

    /// <summary>What TLS 1.2 may use. TLS 1.3 always has its own three. Empty: what the system's OpenSSL allows.</summary>
    [OneOf(
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA")]
    public IReadOnlyList<string> CipherSuites { get; init; } = [];

    /// <summary>It has no effect, as in Go.</summary>
    public bool PreferServerCipherSuites { get; init; } = true;

    /// <summary>It has no effect: the system's OpenSSL chooses the curve.</summary>
    [OneOf("CurveP256", "CurveP384", "CurveP521", "X25519")]
    public IReadOnlyList<string> CurvePreferences { get; init; } = [];

    public bool IsOn => Cert.Length > 0 || CertFile.Length > 0;

    /// <summary>Whether a connection without a client's certificate ends.</summary>
    public bool RequiresClient => ClientAuthType is "RequireAnyClientCert" or "RequireClientCert" or "RequireAndVerifyClientCert";

    /// <summary>Whether a client's certificate must come from a root that is known.</summary>
    public bool VerifiesClient => ClientAuthType is "VerifyClientCertIfGiven" or "RequireAndVerifyClientCert";

    public bool AsksClient => ClientAuthType != "NoClientCert";

    public bool HasClientCa => ClientCa.Length > 0 || ClientCaFile.Length > 0;

    /// <summary>The files that are in use, by their whole paths.</summary>
    public IEnumerable<string> Files => ((string[])[CertFile, KeyFile, ClientCaFile]).Where(file => file.Length > 0).Select(PathOf);

    public string PathOf(string file) => Path.Combine(Folder, file);

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (!Keys.Any(isGiven)) return [];
        var faults = Combinations(isGiven).ToList();
        return faults.Count > 0 ? faults : Unusable();
    }

    private IEnumerable<(string Key, string Complaint)> Combinations(Func<string, bool> isGiven)
    {
        if (!IsOn) yield return ("cert_file", "is missing: TLS needs a certificate, and its key in key_file");
        if (IsOn && Key.Length + KeyFile.Length == 0) yield return ("key_file", "is missing: name the key of the certificate");
        if (Cert.Length > 0 && CertFile.Length > 0) yield return ("cert_file", "cannot stand beside cert: keep one of them");
        if (Key.Length > 0 && KeyFile.Length > 0) yield return ("key_file", "cannot stand beside key: keep one of them");
        if (ClientCa.Length > 0 && ClientCaFile.Length > 0) yield return ("client_ca_file", "cannot stand beside client_ca: keep one of them");
        if (HasClientCa && !AsksClient)
            yield return ("client_auth_type", "does not ask clients for certificates, but there is a client CA: RequireAndVerifyClientCert does");
        if (isGiven("client_allowed_sans") && ClientAllowedSans.Count == 0) yield return ("client_allowed_sans", "is empty, so nobody would be let in");
        if (ClientAllowedSans.Count > 0 && !RequiresClient)
            yield return ("client_allowed_sans", "needs a client_auth_type that requires a certificate: RequireAndVerifyClientCert, or RequireAnyClientCert");
        if (MaxVersion is "TLS10" or "TLS11") yield return ("max_version", $"{MaxVersion} is too old: the service speaks TLS12 and TLS13");
        else if (string.CompareOrdinal(MinVersion, MaxVersion) > 0) yield return ("max_version", $"{MaxVersion} is below min_version, which is {MinVersion}");
    }

    private IEnumerable<(string Key, string Complaint)> Unusable()
    {
        if (UsableFile.Fault(() => ServerTls.Certificate(this)) is { } certificate) yield return (CertFile.Length > 0 ? "cert_file" : "cert", certificate);
        if (HasClientCa && UsableFile.Fault(() => ServerTls.Roots(this)) is { } roots)
            yield return (ClientCaFile.Length > 0 ? "client_ca_file" : "client_ca", roots);
    }
}
