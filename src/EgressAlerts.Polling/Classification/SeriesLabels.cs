using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>What the labels of one of Istio's series say about who talked to what. A label that is missing is empty, and so is one that Istio could
/// not fill.</summary>
/// <param name="labels">As Prometheus has them.</param>
internal sealed class SeriesLabels(IReadOnlyDictionary<string, string> labels, TelemetryOptions options)
{
    /// <summary>How Envoy's details begin where RBAC or an external authorizer refused.</summary>
    private static readonly string[] Refusals = ["rbac_access_denied", "rbac_deny", "ext_authz_denied", "ext_authz_error"];

    /// <summary>The label <c>job</c>, which says whose scrape it is.</summary>
    public string Job { get; } = labels.GetValueOrDefault("job", "");

    /// <summary>Which proxy counted: that of the <c>source</c>, of the <c>destination</c>, or a <c>waypoint</c>.</summary>
    public string Reporter => this["reporter"];

    public string Service => this["destination_service"];

    public string ServiceName => this["destination_service_name"];

    public string ServiceNamespace => this["destination_service_namespace"];

    public string Workload => this["destination_workload"];

    public string WorkloadNamespace => this["destination_workload_namespace"];

    public string Cluster => this["destination_cluster"];

    public string Protocol => this["request_protocol"];

    public string ResponseCode => this["response_code"];

    public string ResponseFlags => this["response_flags"];

    /// <summary>The same, where a <c>-</c> stands for no flags.</summary>
    public string RawResponseFlags => labels.GetValueOrDefault("response_flags", "");

    /// <summary>Whether the proxy knows canonical services. Mixer did not.</summary>
    public bool HasCanonicalService => labels.ContainsKey("destination_canonical_service");

    /// <summary>Whether the other end has shown no identity. ztunnel derives one for a ServiceEntry, which has no account.</summary>
    /// <remarks>A waypoint's security policy is about the client.</remarks>
    public bool HasNoPeerIdentity =>
        (this["destination_principal"].Length == 0 || this["destination_principal"].EndsWith("/sa/", StringComparison.Ordinal))
        && (Reporter == "waypoint" || this["connection_security_policy"] != "mutual_tls");

    /// <summary>Who talked.</summary>
    public Workload Source => new(
        WorkloadName(this["source_workload_namespace"]), WorkloadName(this["source_workload"]), ClusterName(First(labels, options.Cluster)));

    /// <summary>The labels that <c>telemetry.labels</c> names.</summary>
    public string Address { get; } = First(labels, options.DestinationIp);

    public string Port { get; } = LabelText.Port(First(labels, options.DestinationPort));

    public string Sni { get; } = First(labels, options.Sni);

    public string Host { get; } = First(labels, options.Host);

    public string Path { get; } = First(labels, options.Path);

    public string ResponseCodeDetails { get; } = First(labels, options.ResponseCodeDetails);

    /// <summary>Whether an AuthorizationPolicy at the proxy that counted refused the traffic. Envoy says so in its details. It sets a response flag only
    /// where an external authorizer refused.</summary>
    public bool IsRefused => Refusals.Any(refusal => ResponseCodeDetails.StartsWith(refusal, StringComparison.Ordinal))
        || ResponseFlags.Split(',').Contains("UAEX");

    /// <summary>Which of them the series has.</summary>
    public Dimensions Present =>
        (AddressText.TryAddress(Address, out _, out _) ? Dimensions.DestinationIp : 0) | (Port.Length > 0 ? Dimensions.DestinationPort : 0)
        | (Sni.Length > 0 ? Dimensions.Sni : 0) | (Host.Length > 0 ? Dimensions.Host : 0) | (Path.Length > 0 ? Dimensions.Path : 0)
        | (ResponseCodeDetails.Length > 0 ? Dimensions.ResponseCodeDetails : 0);

    private string this[string name] => Text(labels, name);

    private static string Text(IReadOnlyDictionary<string, string> labels, string name) =>
        labels.TryGetValue(name, out var value) && !AddressText.IsMissing(value) ? value : "";

    private static string First(IReadOnlyDictionary<string, string> labels, IReadOnlyList<string> names) =>
        names.Select(name => Text(labels, name)).FirstOrDefault(value => value.Length > 0) ?? "";

    private static string ClusterName(string name) => name.Length == 0 ? "" : LabelText.WorkloadName(name);

    private static string WorkloadName(string name) => name.Length == 0 ? LabelValues.Unknown : LabelText.WorkloadName(name);
}
