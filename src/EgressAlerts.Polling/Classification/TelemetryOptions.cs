using System.Net;
using EgressAlerts.Common;

namespace EgressAlerts.Polling;

/// <summary>The <c>telemetry</c> section: how this mesh spells what its metrics say. Of several label names the first present one wins.</summary>
public sealed record TelemetryOptions
{
    [Key("labels.destination_ip"), LabelName]
    public IReadOnlyList<string> DestinationIp { get; init; } = ["destination_ip"];

    [Key("labels.destination_port"), LabelName]
    public IReadOnlyList<string> DestinationPort { get; init; } = ["destination_port"];

    [Key("labels.sni"), LabelName]
    public IReadOnlyList<string> Sni { get; init; } = ["requested_server_name", "sni"];

    [Key("labels.host"), LabelName]
    public IReadOnlyList<string> Host { get; init; } = ["request_host"];

    /// <summary>The cluster of the workload that talked. Istio tells it, or Prometheus adds it.</summary>
    [Key("labels.cluster"), LabelName]
    public IReadOnlyList<string> Cluster { get; init; } = ["source_cluster", "cluster"];

    [Key("labels.path"), LabelName]
    public IReadOnlyList<string> Path { get; init; } = ["request_path", "request_url_path"];

    /// <summary>Why a proxy answered by itself, or closed a connection by itself.</summary>
    [Key("labels.response_code_details"), LabelName]
    public IReadOnlyList<string> ResponseCodeDetails { get; init; } = ["response_code_details", "connection_termination_details"];

    /// <summary>Hosts below <c>svc.</c> of this domain are in the mesh.</summary>
    public string ClusterDomain { get; init; } = "cluster.local";

    /// <summary>The egress gateways as namespace/workload.</summary>
    [WorkloadText]
    public IReadOnlyList<string> EgressGateways { get; init; } = ["istio-system/istio-egressgateway"];

    /// <summary>Whether HTTP to a host without a namespace went where no ServiceEntry is.</summary>
    public DynamicDns DynamicDns { get; init; } = DynamicDns.Auto;

    /// <summary>Pod and service networks: passthrough traffic to them is in the mesh.</summary>
    [Cidr]
    public IReadOnlyList<IPNetwork> ClusterNetworks { get; init; } = [];

    /// <summary>Labels and values that policies ask for; others are not kept.</summary>
    [NoKey]
    public IReadOnlyList<(string Name, string Value)> AskedLabels { get; init; } = [];

    /// <summary>Prefixes of paths that policies ask for; the paths themselves are not kept.</summary>
    [NoKey]
    public IReadOnlyList<string> AskedPaths { get; init; } = [];
}

/// <summary>How HTTP series are read that name a host but not the namespace of its ServiceEntry: <c>outboundTrafficPolicy: ALLOW_ANY_DYNAMIC_DNS</c>
/// of Istio 1.31 makes them for hosts that nobody registered, Istio before 1.23 for every ServiceEntry.</summary>
public enum DynamicDns
{
    /// <summary>As unregistered once the mesh has shown that its proxies tell namespaces, as they do since 1.23.</summary>
    Auto,

    /// <summary>As unregistered.</summary>
    Always,

    /// <summary>As a ServiceEntry's.</summary>
    Never,
}

/// <summary>A workload without a pattern, as text.</summary>
internal sealed class WorkloadTextAttribute() : ValueAttribute("text", "is not namespace/workload")
{
    public override object? Parse(string text) => text.Split('/') is [{ Length: > 0 }, { Length: > 0 }] ? text : null;
}
