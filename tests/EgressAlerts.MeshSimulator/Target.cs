namespace EgressAlerts.MeshSimulator;

/// <summary>The way a target is reached, as Istio's labels tell it.</summary>
public enum Way
{
    Passthrough,
    Blocked,
    Registered,

    /// <summary>Let out by <c>ALLOW_ANY_DYNAMIC_DNS</c>: its host is named like a registered one, but without a namespace.</summary>
    DynamicDns,

    /// <summary>To the egress gateway; its second hop is <see cref="Registered"/> with the gateway as source.</summary>
    Gateway,

    /// <summary>To another workload of the mesh: never egress.</summary>
    InMesh,
}

/// <summary>Something that pods talk to.</summary>
/// <param name="Host">The Host header of HTTP, the host of a ServiceEntry, or the name of an in-mesh service.</param>
/// <param name="Address">As the destination label carries it; empty where the telemetry has none.</param>
/// <param name="Path">Of HTTP, where the mesh adds it to its metrics; else empty.</param>
/// <param name="Refusal">What the proxy says of the AuthorizationPolicy that refuses it, where the mesh adds it to its metrics; else empty.</param>
public sealed record Target(Way Way, string Host, string Address, int Port, string Path = "", string Refusal = "");
