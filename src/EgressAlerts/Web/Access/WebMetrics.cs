using EgressAlerts.Common;
using Prometheus;

namespace EgressAlerts.Web;

/// <summary>Why the web server did not answer somebody.</summary>
internal enum WebRefusal
{
    /// <summary>A client showed no certificate, or one that is not taken.</summary>
    ClientCertificate,

    /// <summary>A request without TLS came to a server with TLS.</summary>
    PlainHttp,

    /// <summary>User name and password are missing or wrong.</summary>
    Credentials,

    /// <summary>Too many passwords wait to be checked.</summary>
    PasswordsBusy,

    RateLimit,
}

/// <summary>The metrics of the access to the web server.</summary>
internal sealed class WebMetrics
{
    private readonly Gauge _fileRefused;
    private readonly Counter _refused;

    public WebMetrics(MetricRegistry metrics)
    {
        _fileRefused = metrics.Gauge(
            "egress_alerts_web_config_refused",
            "1 while the file of --web.config.file, or one that it names, cannot be used as it is. What it said before stays in use.");
        _refused = metrics.Counter(
            "egress_alerts_web_refused_total", "Connections and requests that --web.config.file does not let through, by reason.", "reason");
        foreach (var reason in Enum.GetValues<WebRefusal>()) _refused.WithLabels(LabelValue(reason));
    }

    public void FileRefused(bool isRefused) => _fileRefused.Set(isRefused ? 1 : 0);

    public void Refused(WebRefusal reason) => _refused.WithLabels(LabelValue(reason)).Inc();

    private static string LabelValue(WebRefusal reason) => reason switch
    {
        WebRefusal.ClientCertificate => "client_certificate",
        WebRefusal.PlainHttp => "plain_http",
        WebRefusal.Credentials => "credentials",
        WebRefusal.PasswordsBusy => "passwords_busy",
        _ => "rate_limit",
    };
}
