using EgressAlerts.Cardinality;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;

namespace EgressAlerts.Configuration;

/// <summary>The whole configuration, checked. The defaults are those of the reference, deploy/egress-alerts.yml.</summary>
internal sealed record Settings
{
    public PollingOptions Prometheus { get; init; } = new();

    public HttpSettings PrometheusHttp { get; init; } = new();

    public TelemetryOptions Telemetry { get; init; } = new();

    public DnsOptions Dns { get; init; } = new();

    public NamingOptions Destinations { get; init; } = new();

    public CardinalityOptions Cardinality { get; init; } = new();

    public DetectionOptions Detection { get; init; } = new();

    public IReadOnlyList<AlertmanagerSettings> Alertmanagers { get; init; } = [new() { Url = new("http://127.0.0.1:9093") }];

    public TimeSpan ResendInterval { get; init; } = TimeSpan.FromMinutes(1);

    public int MaxAlertsPerName { get; init; } = 2_500;

    public int MaxAlerts { get; init; } = 5_000;

    public int MaxInfoAlerts { get; init; } = 5_000;

    public TimeSpan AlertHistory { get; init; } = TimeSpan.FromDays(30);

    public IReadOnlyDictionary<string, string> ExternalLabels { get; init; } = new Dictionary<string, string>();

    /// <summary>Null where the configuration leaves it empty: then it is made from the host's name and the listen address.</summary>
    public Uri? ExternalUrl { get; init; }
}

/// <summary>An Alertmanager, or some that are discovered, and how to reach them.</summary>
internal sealed record AlertmanagerSettings
{
    /// <summary>Null where they are discovered.</summary>
    public Uri? Url { get; init; }

    /// <summary>Of what is discovered: http or https.</summary>
    public string Scheme { get; init; } = "http";

    /// <summary>Of what is discovered.</summary>
    public string PathPrefix { get; init; } = "";

    public IReadOnlyList<DnsDiscovery> Dns { get; init; } = [];

    /// <summary>Files that hold host:port.</summary>
    public IReadOnlyList<WatchedFile<IReadOnlyList<string>>> Files { get; init; } = [];

    public HttpSettings Http { get; init; } = new();
}

/// <summary>Names whose records name servers.</summary>
/// <param name="Port">Of addresses; SRV records have their own.</param>
internal sealed record DnsDiscovery(IReadOnlyList<string> Names, TargetKind Kind, int Port, TimeSpan RefreshInterval);

/// <summary>HTTP client settings under Prometheus' own names. An empty text means that it is not set.</summary>
/// <remarks>Secret files are read for each request, TLS files again when they change. Neither needs a reload.</remarks>
internal sealed record HttpSettings
{
    /// <summary>Of basic auth, from <c>basic_auth</c> or from the URL. Empty: no basic auth.</summary>
    public string Username { get; init; } = "";

    public string Password { get; init; } = "";

    /// <summary>Instead of <see cref="Password"/>. May come later than the start.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>The scheme before <see cref="Credentials"/>, an HTTP token other than Basic.</summary>
    public string AuthorizationType { get; init; } = "Bearer";

    /// <summary>Printable ASCII.</summary>
    public string Credentials { get; init; } = "";

    /// <summary>Instead of <see cref="Credentials"/>. May come later than the start.</summary>
    public string CredentialsFile { get; init; } = "";

    /// <summary>PEM: the only authorities whose server certificates are taken. Empty: the system's.</summary>
    public string CaFile { get; init; } = "";

    /// <summary>PEM: the client's certificate, then those that lead from it to the root.</summary>
    public string CertFile { get; init; } = "";

    /// <summary>PEM: the key of <see cref="CertFile"/>. Empty: the key stands in that file.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>The name that a server is asked for and that its certificate must have. Empty: the one in the URL.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>Takes any certificate of any server.</summary>
    public bool InsecureSkipVerify { get; init; }

    /// <summary>Added to each request, secrets among them.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Headers { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>May hold a user name and a password for the proxy.</summary>
    public Uri? ProxyUrl { get; init; }
}
