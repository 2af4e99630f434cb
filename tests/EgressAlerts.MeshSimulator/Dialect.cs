namespace EgressAlerts.MeshSimulator;

/// <summary>Whose telemetry a pod's proxy speaks.</summary>
public enum Dialect
{
    /// <summary>Sidecars and gateways since 1.5, with every label of the native filter.</summary>
    TelemetryV2,

    /// <summary>The same without the dimensions that a Telemetry resource adds.</summary>
    Plain,

    /// <summary>Sidecars whose WebAssembly filter has a dimension that Envoy was not told of: it ends up in the metric's name.</summary>
    Mangled,

    /// <summary>Istio 1.3 and 1.4: fewer labels, <c>permissive_*</c> ones, bare addresses.</summary>
    Mixer,

    /// <summary>Ambient's node proxy: TCP only and no destination at all.</summary>
    Ztunnel,
}
