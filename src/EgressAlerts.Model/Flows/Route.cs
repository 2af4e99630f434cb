namespace EgressAlerts.Model;

/// <summary>The way by which traffic left the mesh, as the <c>route</c> label spells it in lower case.</summary>
public enum Route
{
    /// <summary>PassthroughCluster: let out by <c>ALLOW_ANY</c>, known to nobody.</summary>
    Passthrough,

    /// <summary>BlackHoleCluster: refused by <c>REGISTRY_ONLY</c>.</summary>
    Blocked,

    /// <summary>A host that a ServiceEntry registers.</summary>
    Registered,

    /// <summary>The first hop, from a sidecar to an egress gateway; the second is <see cref="Registered"/> with the gateway as its source.</summary>
    Gateway,

    /// <summary>Ambient traffic for which ztunnel knows no destination.</summary>
    Unidentified,
}
