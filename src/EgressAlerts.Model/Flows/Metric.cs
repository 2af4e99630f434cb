namespace EgressAlerts.Model;

/// <summary>The five metrics that are exported. Each is the sum of one or two of Istio's.</summary>
public enum Metric
{
    Requests,
    ConnectionsOpened,
    ConnectionsClosed,

    /// <summary>Bytes that the application sent out. Istio calls them received, because its proxy received them from the application.</summary>
    UploadBytes,

    /// <summary>Bytes that the application got back. Istio calls them sent.</summary>
    DownloadBytes,
}
