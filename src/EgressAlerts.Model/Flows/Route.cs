namespace EgressAlerts.Model;

/// <summary>The way by which traffic left the mesh. The <c>route</c> label spells it in lower case.</summary>
public enum Route
{
    /// <summary>PassthroughCluster. <c>ALLOW_ANY</c> let it out, and nobody has registered it.</summary>
    Passthrough,

    /// <summary>The mesh refused it: <c>REGISTRY_ONLY</c> by BlackHoleCluster, or an AuthorizationPolicy at a waypoint or an egress gateway. Only the latter
    /// has the host of a ServiceEntry.</summary>
    Blocked,

    /// <summary>A host that a ServiceEntry registers.</summary>
    Registered,

    /// <summary>The first hop, from a sidecar to an egress gateway. The second hop is <see cref="Registered"/>, and the gateway is its source.</summary>
    Gateway,

    /// <summary>Ambient traffic for which ztunnel knows no destination.</summary>
    Unidentified,
}
