namespace EgressAlerts.Registry;

/// <summary>A Sidecar: what the proxies of a namespace know of the registry. Immutable.</summary>
/// <param name="Selector">The labels of the workloads that it is for. Null stands for all workloads of the namespace.</param>
/// <param name="Egress">Empty stands for one listener that knows everything.</param>
/// <param name="Outbound">Null where the mesh's own policy counts.</param>
public sealed record Sidecar(
    ResourceName Name,
    IReadOnlyDictionary<string, string>? Selector,
    IReadOnlyList<EgressListener> Egress,
    OutboundMode? Outbound = null,
    DateTimeOffset? Created = null);

/// <summary>An egress listener of a Sidecar.</summary>
/// <param name="Port">Null where the listener is for all ports. 0 is a Unix socket.</param>
/// <param name="Bind">The address or socket that the application has to dial. Empty where traffic is captured.</param>
/// <param name="Hosts">Each is <c>namespace/host</c>. A <c>~</c> before the namespace leaves the hosts out.</param>
/// <param name="IsProxy">Whether the port is a generic HTTP proxy, so that it is not the port of the destination.</param>
public sealed record EgressListener(int? Port, string Bind, IReadOnlyList<string> Hosts, bool IsProxy = false);

/// <summary>What becomes of traffic to hosts that nobody has registered.</summary>
public enum OutboundMode
{
    RegistryOnly,
    AllowAny,
}
