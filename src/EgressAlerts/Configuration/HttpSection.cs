namespace EgressAlerts.Configuration;

/// <summary>Reads a URL and the HTTP client settings that Prometheus' configuration has, under the same names.</summary>
internal static class HttpSection
{
    /// <param name="url">The section's <c>url</c>, without the user name and password that may stand in it: these become basic auth, as in Prometheus.</param>
    public static HttpSettings Read(ConfigSection section, Uri? standard, out Uri? url)
    {
        var settings = WithAuthentication(section, new HttpSettings());
        settings = WithCredentialsOf(section.Url("url", standard), section, settings, out url);
        settings = WithTls(section.Section("tls_config"), settings);
        settings = settings with { Headers = Headers(section.Section("http_headers")), ProxyUrl = section.Url("proxy_url", null) };
        if (settings.ProxyUrl is not null && settings.ServerName.Length > 0)
            section.Error("proxy_url", "cannot stand beside tls_config.server_name: through a proxy a server is always asked for the name in its URL");
        return settings;
    }

    private static HttpSettings WithAuthentication(ConfigSection section, HttpSettings settings)
    {
        var basic = section.Section("basic_auth");
        var authorization = section.Section("authorization");
        if (section.Has("basic_auth") && section.Has("authorization")) section.Error("authorization", "cannot stand beside basic_auth: a request has one");
        settings = settings with
        {
            Username = Text(basic, "username", "", IsUsername, "holds a colon or a control character, such as a line feed: write it on one line"),
            Password = Text(
                basic,
                "password",
                "",
                HttpText.IsLine,
                "holds a control character, such as a line feed: write it on one line, or put it into a file and name it in password_file"),
            PasswordFile = basic.SecretFile("password_file"),
            AuthorizationType = Text(
                authorization,
                "type",
                "Bearer",
                IsScheme,
                "is no scheme such as Bearer: write the scheme alone, without spaces, and the secret in credentials; for Basic use basic_auth"),
            Credentials = Text(
                authorization,
                "credentials",
                "",
                HttpText.IsHeaderValue,
                "holds a line feed or another character that no header may have: write it on one line, or put it into a file and name it in credentials_file"),
            CredentialsFile = authorization.SecretFile("credentials_file"),
        };
        if (settings.Username.Length == 0 && (settings.Password.Length > 0 || settings.PasswordFile.Length > 0)) basic.Error("username", "is missing");
        if (settings.Password.Length > 0 && settings.PasswordFile.Length > 0)
            basic.Error("password_file", "cannot stand beside password: keep one of them");
        if (settings.Credentials.Length > 0 && settings.CredentialsFile.Length > 0)
            authorization.Error("credentials_file", "cannot stand beside credentials: keep one of them");
        basic.Done();
        authorization.Done();
        return settings;
    }

    private static HttpSettings WithCredentialsOf(Uri? given, ConfigSection section, HttpSettings settings, out Uri? url)
    {
        url = given is null ? null : HttpText.WithoutCredentials(given);
        if (given is not { UserInfo.Length: > 0 }) return settings;
        if (section.Has("basic_auth") || section.Has("authorization"))
            section.Error("url", "holds a user name beside basic_auth or authorization: a request has one, so keep one of them");
        var (username, password) = HttpText.Credentials(given);
        if (!IsUsername(username) || !HttpText.IsLine(password)) section.Error("url", "holds a user name or password with a control character: use basic_auth");
        return settings with { Username = username, Password = password };
    }

    private static HttpSettings WithTls(ConfigSection section, HttpSettings settings)
    {
        settings = settings with
        {
            CaFile = ExistingFile(section, "ca_file"),
            CertFile = ExistingFile(section, "cert_file"),
            KeyFile = ExistingFile(section, "key_file"),
            ServerName = section.Text("server_name", ""),
            InsecureSkipVerify = section.Flag("insecure_skip_verify", false),
        };
        if (settings.KeyFile.Length > 0 && !section.Has("cert_file")) section.Error("key_file", "stands alone: name its certificate in cert_file");
        if (settings.CaFile.Length > 0) ConfigLoader.Try(section, "ca_file", () => TlsFiles.Authorities(settings.CaFile));
        if (settings.CertFile.Length > 0) ConfigLoader.Try(section, "cert_file", () => TlsFiles.ClientCertificate(settings.CertFile, settings.KeyFile));
        section.Done();
        return settings;
    }

    private static Dictionary<string, IReadOnlyList<string>> Headers(ConfigSection section)
    {
        var headers = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var name in section.Keys)
        {
            var header = section.Section(name);
            headers[name] = [.. header.Texts("values", []), .. header.Texts("secrets", [])];
            if (!HttpText.IsToken(name)) section.Error(name, "is not the name of a header");
            if (!headers[name].All(HttpText.IsHeaderValue)) section.Error(name, "has a value with a line feed or another character that no header may have");
            header.Done();
        }

        section.Done();
        return headers;
    }

    /// <summary>The value is never printed: it may be a secret in the wrong place.</summary>
    private static string Text(ConfigSection section, string key, string standard, Func<string, bool> isGood, string complaint)
    {
        var text = section.Text(key, standard);
        if (!isGood(text)) section.Error(key, complaint);
        return text;
    }

    private static bool IsUsername(string text) => HttpText.IsLine(text) && !text.Contains(':', StringComparison.Ordinal);

    private static bool IsScheme(string text) => HttpText.IsToken(text) && !text.Equals("basic", StringComparison.OrdinalIgnoreCase);

    /// <summary>Empty where the file does not exist, so that one error is told and not two.</summary>
    private static string ExistingFile(ConfigSection section, string key)
    {
        var file = section.Text(key, "");
        if (file.Length == 0 || File.Exists(file)) return file;
        section.Error(key, $"'{file}' does not exist");
        return "";
    }
}
