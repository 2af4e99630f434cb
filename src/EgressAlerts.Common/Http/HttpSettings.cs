namespace EgressAlerts.Common;

/// <summary>HTTP client settings under Prometheus' own names. An empty text means that it is not set.</summary>
/// <remarks>Secret files are read for each request, TLS files again when they change. Neither needs a reload.</remarks>
public sealed record HttpSettings : ICheckedOptions
{
    /// <summary>Of basic auth, from <c>basic_auth</c> or from the URL. Empty: no basic auth.</summary>
    [Key("basic_auth.username"), Username]
    public string Username { get; init; } = "";

    [Key("basic_auth.password"), Password]
    public string Password { get; init; } = "";

    /// <summary>Instead of <see cref="Password"/>. May come later than the start.</summary>
    [Key("basic_auth.password_file"), SecretFile]
    public string PasswordFile { get; init; } = "";

    /// <summary>The scheme before <see cref="Credentials"/>, an HTTP token other than Basic.</summary>
    [Key("authorization.type"), AuthorizationScheme]
    public string AuthorizationType { get; init; } = "Bearer";

    /// <summary>Printable ASCII.</summary>
    [Key("authorization.credentials"), Credentials]
    public string Credentials { get; init; } = "";

    /// <summary>Instead of <see cref="Credentials"/>. May come later than the start.</summary>
    [Key("authorization.credentials_file"), SecretFile]
    public string CredentialsFile { get; init; } = "";

    /// <summary>PEM: the only authorities whose server certificates are taken. Empty: the system's.</summary>
    [Key("tls_config.ca_file"), ExistingFile]
    public string CaFile { get; init; } = "";

    /// <summary>PEM: the client's certificate, then those that lead from it to the root.</summary>
    [Key("tls_config.cert_file"), ExistingFile]
    public string CertFile { get; init; } = "";

    /// <summary>PEM: the key of <see cref="CertFile"/>. Empty: the key stands in that file.</summary>
    [Key("tls_config.key_file"), ExistingFile]
    public string KeyFile { get; init; } = "";

    /// <summary>The name that a server is asked for and that its certificate must have. Empty: the one in the URL.</summary>
    [Key("tls_config.server_name")]
    public string ServerName { get; init; } = "";

    /// <summary>Takes any certificate of any server.</summary>
    [Key("tls_config.insecure_skip_verify")]
    public bool InsecureSkipVerify { get; init; }

    /// <summary>Added to each request, secrets among them.</summary>
    [Key("http_headers"), HeaderName]
    public IReadOnlyDictionary<string, HttpHeader> Headers { get; init; } = new Dictionary<string, HttpHeader>();

    /// <summary>May hold a user name and a password for the proxy.</summary>
    public Uri? ProxyUrl { get; init; }

    /// <summary>The same settings with the user name and password of a URL, where it has some: they become basic auth, as in Prometheus.</summary>
    public HttpSettings WithCredentialsOf(Uri? url)
    {
        if (url is not { UserInfo.Length: > 0 }) return this;
        var (username, password) = HttpText.Credentials(url);
        return this with { Username = username, Password = password };
    }

    /// <summary>What is wrong with the user name and password in the URL of a section that has these settings too.</summary>
    public static IEnumerable<string> UrlFaults(Uri? url, Func<string, bool> isGiven)
    {
        if (url is not { UserInfo.Length: > 0 }) yield break;
        if (isGiven("basic_auth") || isGiven("authorization"))
            yield return "holds a user name beside basic_auth or authorization: a request has one, so keep one of them";
        var (username, password) = HttpText.Credentials(url);
        if (!HttpText.IsUsername(username) || !HttpText.IsLine(password)) yield return "holds a user name or password with a control character: use basic_auth";
    }

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (isGiven("basic_auth") && isGiven("authorization")) yield return ("authorization", "cannot stand beside basic_auth: a request has one");
        if (Username.Length == 0 && (Password.Length > 0 || PasswordFile.Length > 0)) yield return ("basic_auth.username", "is missing");
        if (Password.Length > 0 && PasswordFile.Length > 0) yield return ("basic_auth.password_file", "cannot stand beside password: keep one of them");
        if (Credentials.Length > 0 && CredentialsFile.Length > 0)
            yield return ("authorization.credentials_file", "cannot stand beside credentials: keep one of them");
        if (KeyFile.Length > 0 && !isGiven("tls_config.cert_file")) yield return ("tls_config.key_file", "stands alone: name its certificate in cert_file");
        if (CaFile.Length > 0 && UsableFile.Fault(() => TlsFiles.Authorities(CaFile)) is { } ca) yield return ("tls_config.ca_file", ca);
        if (CertFile.Length > 0 && UsableFile.Fault(() => TlsFiles.ClientCertificate(CertFile, KeyFile)) is { } cert)
            yield return ("tls_config.cert_file", cert);
        if (ProxyUrl is not null && ServerName.Length > 0)
            yield return ("proxy_url", "cannot stand beside tls_config.server_name: through a proxy a server is always asked for the name in its URL");
    }
}

/// <summary>The values of one header. Both kinds are sent, and neither is printed.</summary>
public sealed record HttpHeader : ICheckedOptions
{
    [SecretText]
    public IReadOnlyList<string> Values { get; init; } = [];

    [SecretText]
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven) => Values.Concat(Secrets).All(HttpText.IsHeaderValue)
        ? []
        : [("", "has a value with a line feed or another character that no header may have")];
}

/// <summary>A text that no error quotes, because it may be a secret in the wrong place.</summary>
internal abstract class UnquotedAttribute(Func<string, bool> isGood, string complaint) : ValueAttribute("text", complaint)
{
    public override object? Parse(string text) => isGood(text) ? text : null;

    public override string? Quote(string text) => null;
}

/// <summary>Any text. It may be a secret.</summary>
internal sealed class SecretTextAttribute() : UnquotedAttribute(_ => true, "");

internal sealed class UsernameAttribute()
    : UnquotedAttribute(HttpText.IsUsername, "holds a colon or a control character, such as a line feed: write it on one line");

internal sealed class PasswordAttribute() : UnquotedAttribute(
    HttpText.IsLine,
    "holds a control character, such as a line feed: write it on one line, or put it into a file and name it in password_file");

internal sealed class AuthorizationSchemeAttribute() : UnquotedAttribute(
    HttpText.IsScheme,
    "is no scheme such as Bearer: write the scheme alone, without spaces, and the secret in credentials; for Basic use basic_auth");

internal sealed class CredentialsAttribute() : UnquotedAttribute(
    HttpText.IsHeaderValue,
    "holds a line feed or another character that no header may have: write it on one line, or put it into a file and name it in credentials_file");

internal sealed class HeaderNameAttribute() : UnquotedAttribute(HttpText.IsToken, "is not the name of a header");
