namespace EgressAlerts.Model;

/// <summary>The five counters that are exported, each summed from one or two of Istio's.</summary>
public enum Metric
{
    Requests,
    ConnectionsOpened,
    ConnectionsClosed,

    /// <summary>Bytes that the application sent out. Istio calls them received: its proxy received them from the application.</summary>
    UploadBytes,

    /// <summary>Bytes that the application got back. Istio calls them sent.</summary>
    DownloadBytes,
}
