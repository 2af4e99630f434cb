using EgressAlerts.Alerting;
using EgressAlerts.Cardinality;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using EgressAlerts.Registry;

namespace EgressAlerts.Configuration;

/// <summary>The whole configuration. Its defaults are those of the reference, deploy/egress-alerts.yml. Each property is the section of its name.</summary>
internal sealed record Settings : ICheckedOptions
{
    public PollingOptions Prometheus { get; init; } = new();

    /// <summary>How to get in where Prometheus asks for credentials or certificates. Of several servers, those of the first.</summary>
    [Key("prometheus")]
    public HttpSettings PrometheusHttp { get; init; } = new();

    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>Where Istio's resources are, so that which hosts are registered is known.</summary>
    [Key("telemetry")]
    public RegistryOptions Registry { get; init; } = new();

    public DnsOptions Dns { get; init; } = new();

    public NamingOptions Destinations { get; init; } = new();

    public CardinalityOptions Cardinality { get; init; } = new();

    public DetectionOptions Detection { get; init; } = new();

    /// <summary>As they are written. <see cref="Completed"/> hands them on to detection, where each has a name and a severity.</summary>
    public IReadOnlyList<Policy> Policies { get; init; } = [];

    /// <summary>Files of further policies, or patterns such as <c>/etc/egress-alerts/policies/*.yml</c>. They are read again when they change. Their policies
    /// come after those of <see cref="Policies"/>, in the order of the files.</summary>
    public IReadOnlyList<string> PolicyFiles { get; init; } = [];

    public AlertingOptions Alerting { get; init; } = new();

    /// <summary>The same settings, where each stage also has what it needs of other sections.</summary>
    public Settings Completed()
    {
        IReadOnlyList<Policy> policies =
        [
            .. Policies
                .Select((policy, i) => policy.Name.Length > 0 ? policy : policy with { Name = FormattableString.Invariant($"number-{i + 1}") })
                .Select(policy => policy.Completed(Detection.Forbidden)),
        ];
        IReadOnlyList<PrometheusServerOptions> servers = [.. Prometheus.Servers.Select(server => server.WithoutCredentialsInUrl())];
        return this with
        {
            Prometheus = servers is [var first, ..]
                ? Prometheus with { Servers = servers, Url = first.Url, Tenant = first.Http.Tenant }
                : Prometheus with { Url = HttpText.WithoutCredentials(Prometheus.Url), Tenant = PrometheusHttp.Tenant },
            PrometheusHttp = servers is [var one, ..] ? one.Http : PrometheusHttp.WithCredentialsOf(Prometheus.Url),

            // Of the labels and paths of the mesh only those that policies ask for are kept.
            Telemetry = Telemetry with
            {
                AskedLabels = [.. policies.SelectMany(policy => policy.Source.Labels).Select(label => (label.Key, label.Value)).Distinct()],
                AskedPaths = [.. policies.SelectMany(policy => policy.Destination.PathPrefixes).Distinct()],
            },
            Destinations = Destinations with { ReversePrivate = Dns.ReversePrivate, CheckClaims = Dns.Confirm },
            Detection = Detection with { Policies = policies, PolicyFiles = PolicyFiles },
            Alerting = Alerting with
            {
                Interval = Prometheus.Interval,
                Alertmanagers = [.. Alerting.Alertmanagers.Select(alertmanager => alertmanager.WithoutCredentialsInUrl())],
            },
        };
    }

    /// <summary>The same settings, where alerts link to this address unless the configuration names another one.</summary>
    public Settings ReachedAt(Uri address) => Alerting.ExternalUrl is not null
        ? this
        : this with { Alerting = Alerting with { ExternalUrl = address, IsExternalUrlGuessed = true } };

    /// <summary>The same settings for an instance that watches a part of the namespaces.</summary>
    public Settings OfShard(Shard shard) => this with { Prometheus = Prometheus with { Shard = shard } };

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven) =>
    [
        .. HttpSettings.UrlFaults(Prometheus.Url, key => isGiven($"prometheus.{key}")).Select(fault => ("prometheus.url", fault)),
        .. Completed().Detection.Policies.GroupBy(policy => policy.Name).Where(named => named.Count() > 1)
            .Select(twice => ("policies", $"has two of the name '{twice.Key}'")),
        .. PolicyFile.Faults(PolicyFiles, Completed().Detection.Policies).Select(fault => ("policy_files", fault)),
    ];
}
