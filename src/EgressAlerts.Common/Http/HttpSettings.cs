namespace EgressAlerts.Common;

/// <summary>HTTP client settings under Prometheus' own names. An empty text means that it is not set.</summary>
/// <remarks>Secret files are read for each request, TLS files again when they change. Neither needs a reload.</remarks>
public sealed record HttpSettings : ICheckedOptions
{
    /// <summary>The sections that each say who sends a request. They are all put into the header Authorization.</summary>
    private static readonly string[] Ways = ["basic_auth", "authorization", "oauth2", "sigv4"];

    /// <summary>The keys of all settings, each of which may be a section.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Ways, "tls_config", "http_headers", "proxy_url"];

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

    [Key("oauth2")]
    public OAuth2Settings OAuth2 { get; init; } = new();

    [Key("sigv4")]
    public SigV4Settings SigV4 { get; init; } = new();

    [Key("tls_config")]
    public TlsSettings Tls { get; init; } = new();

    /// <summary>Added to each request, secrets among them.</summary>
    [Key("http_headers"), HeaderName]
    public IReadOnlyDictionary<string, HttpHeader> Headers { get; init; } = new Dictionary<string, HttpHeader>();

    /// <summary>Whose data a server with several tenants is asked for, as the header X-Scope-OrgID says openly. Empty: that header is not sent, or is a secret.
    /// </summary>
    public string Tenant => string.Join(
        ',', Headers.Where(header => header.Key.Equals("X-Scope-OrgID", StringComparison.OrdinalIgnoreCase)).SelectMany(header => header.Value.Values));

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
        if (Ways.FirstOrDefault(isGiven) is { } other) yield return $"holds a user name beside {other}: a request has one, so keep one of them";
        var (username, password) = HttpText.Credentials(url);
        if (!HttpText.IsUsername(username) || !HttpText.IsLine(password)) yield return "holds a user name or password with a control character: use basic_auth";
    }

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        var ways = Ways.Where(isGiven).ToList();
        foreach (var way in ways.Skip(1)) yield return (way, $"cannot stand beside {ways[0]}: a request has one");
        if (isGiven("sigv4") && SigV4.Region.Length == 0) yield return ("sigv4.region", "is missing: write the region of the workspace, such as eu-central-1");
        foreach (var key in isGiven("oauth2") ? OAuth2.Missing : []) yield return ($"oauth2.{key}", "is missing");
        if (Username.Length == 0 && (Password.Length > 0 || PasswordFile.Length > 0)) yield return ("basic_auth.username", "is missing");
        if (Password.Length > 0 && PasswordFile.Length > 0) yield return ("basic_auth.password_file", "cannot stand beside password: keep one of them");
        if (Credentials.Length > 0 && CredentialsFile.Length > 0)
            yield return ("authorization.credentials_file", "cannot stand beside credentials: keep one of them");
        if (ProxyUrl is not null && Tls.ServerName.Length > 0)
            yield return ("proxy_url", "cannot stand beside tls_config.server_name: through a proxy a server is always asked for the name in its URL");
    }
}

/// <summary>The values of one header. Both kinds are sent, and neither is printed, but for a <see cref="HttpSettings.Tenant"/>.</summary>
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
