namespace EgressAlerts.Common;

/// <summary>The section <c>oauth2</c> under Prometheus' own names: a token for the service itself (RFC 6749, section 4.4). Empty: no OAuth 2.0.</summary>
public sealed record OAuth2Settings : ICheckedOptions
{
    public string ClientId { get; init; } = "";

    [SecretText]
    public string ClientSecret { get; init; } = "";

    /// <summary>Instead of <see cref="ClientSecret"/>. Read for each token. May come later than the start.</summary>
    [SecretFile]
    public string ClientSecretFile { get; init; } = "";

    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Where tokens are asked for.</summary>
    public Uri? TokenUrl { get; init; }

    /// <summary>Further parameters of the request for a token, such as <c>audience</c>. Their values may be secrets.</summary>
    [SecretText]
    public IReadOnlyDictionary<string, string> EndpointParams { get; init; } = new Dictionary<string, string>();

    [Key("tls_config")]
    public TlsSettings Tls { get; init; } = new();

    /// <summary>May hold a user name and a password for the proxy.</summary>
    public Uri? ProxyUrl { get; init; }

    /// <summary>The keys that must be there where the section is.</summary>
    internal IEnumerable<string> Missing => new[] { TokenUrl is null ? "token_url" : "", ClientId.Length == 0 ? "client_id" : "" }.Where(key => key.Length > 0);

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (ClientSecret.Length > 0 && ClientSecretFile.Length > 0) yield return ("client_secret_file", "cannot stand beside client_secret: keep one of them");
        if (ProxyUrl is not null && Tls.ServerName.Length > 0)
            yield return ("proxy_url", "cannot stand beside tls_config.server_name: through a proxy a server is always asked for the name in its URL");
    }
}
