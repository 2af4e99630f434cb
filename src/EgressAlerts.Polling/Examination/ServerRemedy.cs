namespace EgressAlerts.Polling;

/// <summary>Says what to write where the query API does not answer. Stateless.</summary>
internal static class ServerRemedy
{
    /// <summary>A line of YAML to correct, or a command to run.</summary>
    public static string Of(QueryFailure failure, Uri url) => failure switch
    {
        { Status: 401 or 403 } =>
            "prometheus: {authorization: {credentials_file: /etc/egress-alerts/token}}, or basic_auth with username and password_file",
        { Status: >= 300 and < 400 } => "prometheus: {url: 'https://prometheus.example.com'}, the address behind the login page",
        { Status: 404 or 405 or 501 } or { Reason: FailureReason.BadJson } =>
            $"prometheus: {{url: '{Prefixed(url)}'}}, with the path prefix that 'curl {Prefixed(url)}/api/v1/query?query=1' needs to answer",
        { Reason: FailureReason.Credentials } => "make the file readable for the service: ls -l FILE; kubectl get secret shows whether it is mounted",
        { Reason: FailureReason.BadQuery } => "prometheus: {matchers: ['job=\"envoy-stats\"']}",
        { Reason: FailureReason.Clock } => "timedatectl set-ntp true, on this machine",
        { Reason: FailureReason.Busy or FailureReason.Timeout or FailureReason.Limit or FailureReason.TooLarge } =>
            "prometheus: {matchers: ['job=\"envoy-stats\"']}, so that less is read; or look why the server is slow, 'topk(5, prometheus_engine_queries)'",
        { Reason: FailureReason.Connection } => Connection(failure.Message, url),
        _ => $"curl '{url.GetLeftPart(UriPartial.Path).TrimEnd('/')}/api/v1/query?query=1' shows the answer",
    };

    private static string Connection(string message, Uri url) => message switch
    {
        _ when message.Contains("ca_file", StringComparison.Ordinal) => "prometheus: {tls_config: {ca_file: /etc/egress-alerts/ca.crt}}, or server_name",
        _ when message.Contains("http://", StringComparison.Ordinal) && url.Scheme == Uri.UriSchemeHttps => Url(url, Uri.UriSchemeHttp),
        _ when message.Contains("begins with https://", StringComparison.Ordinal) => Url(url, Uri.UriSchemeHttps),
        _ when IsName(message) =>
            $"prometheus: {{url: 'http://NAME.NAMESPACE.svc:9090'}}: 'getent hosts {url.Host}' finds nothing; kubectl get services -A lists names",
        _ => $"prometheus: {{url: 'http://HOST:PORT'}}: nothing listens on {url.Authority}, or a NetworkPolicy keeps it away",
    };

    private static bool IsName(string message) =>
        message.Contains("Name or service not known", StringComparison.Ordinal) || message.Contains("No such host", StringComparison.OrdinalIgnoreCase)
        || message.Contains("name resolution", StringComparison.Ordinal) || message.Contains("nodename nor servname", StringComparison.Ordinal);

    private static string Url(Uri url, string scheme) => $"prometheus: {{url: '{scheme}://{url.Authority}{url.AbsolutePath.TrimEnd('/')}'}}";

    private static string Prefixed(Uri url) => $"{url.Scheme}://{url.Authority}{(url.AbsolutePath == "/" ? "/prometheus" : "")}";
}
