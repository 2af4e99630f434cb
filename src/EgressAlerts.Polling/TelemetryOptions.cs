using System.Net;

namespace EgressAlerts.Polling;

/// <summary>The <c>telemetry</c> section: how this mesh spells what its metrics say. Of several label names the first present one wins.</summary>
public sealed record TelemetryOptions
{
    public IReadOnlyList<string> DestinationIp { get; init; } = ["destination_ip"];

    public IReadOnlyList<string> DestinationPort { get; init; } = ["destination_port"];

    public IReadOnlyList<string> Sni { get; init; } = ["requested_server_name", "sni"];

    public IReadOnlyList<string> Host { get; init; } = ["request_host"];

    public IReadOnlyList<string> Path { get; init; } = ["request_path", "request_url_path"];

    /// <summary>Hosts below <c>svc.</c> of this domain are in the mesh.</summary>
    public string ClusterDomain { get; init; } = "cluster.local";

    /// <summary>The egress gateways as namespace/workload.</summary>
    public IReadOnlyList<string> EgressGateways { get; init; } = ["istio-system/istio-egressgateway"];

    /// <summary>Pod and service networks: passthrough traffic to them is in the mesh.</summary>
    public IReadOnlyList<IPNetwork> ClusterNetworks { get; init; } = [];
}
