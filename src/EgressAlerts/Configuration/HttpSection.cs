namespace EgressAlerts.Configuration;

/// <summary>Reads the HTTP client settings that Prometheus' configuration has, under the same names.</summary>
internal static class HttpSection
{
    public static HttpSettings Read(ConfigSection section)
    {
        var basic = section.Section("basic_auth");
        var authorization = section.Section("authorization");
        var tls = section.Section("tls_config");
        var headers = section.Section("http_headers");
        if (section.Has("basic_auth") && section.Has("authorization")) section.Error("authorization", "cannot stand beside basic_auth: a request has one");
        var settings = new HttpSettings
        {
            Username = basic.Text("username", ""),
            Password = basic.Text("password", ""),
            PasswordFile = ExistingFile(basic, "password_file"),
            AuthorizationType = authorization.Text("type", "Bearer"),
            Credentials = authorization.Text("credentials", ""),
            CredentialsFile = ExistingFile(authorization, "credentials_file"),
            CaFile = ExistingFile(tls, "ca_file"),
            CertFile = ExistingFile(tls, "cert_file"),
            KeyFile = ExistingFile(tls, "key_file"),
            ServerName = tls.Text("server_name", ""),
            InsecureSkipVerify = tls.Flag("insecure_skip_verify", false),
            Headers = headers.Keys.ToDictionary(name => name, name => Values(headers.Section(name))),
            ProxyUrl = section.Url("proxy_url", null),
        };
        foreach (var each in (ConfigSection[])[basic, authorization, tls, headers]) each.Done();
        return settings;
    }

    private static IReadOnlyList<string> Values(ConfigSection header)
    {
        IReadOnlyList<string> values = [.. header.Texts("values", []), .. header.Texts("secrets", [])];
        header.Done();
        return values;
    }

    private static string ExistingFile(ConfigSection section, string key)
    {
        var file = section.Text(key, "");
        if (file.Length > 0 && !File.Exists(file)) section.Error(key, $"'{file}' does not exist");
        return file;
    }
}
