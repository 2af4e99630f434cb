using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>One of Istio's counters and the exported metric that it is summed into.</summary>
/// <param name="Tcp">The protocol of series that do not tell it, as in Mixer's days.</param>
internal sealed record RawMetric(string Name, Metric Metric, bool Tcp)
{
    /// <summary>Istio counts bytes as its proxy sees them: received from the application is upload, sent to it is download
    /// (istio/istio#32399, #35462; Kiali swaps them likewise).</summary>
    public static readonly IReadOnlyList<RawMetric> All =
    [
        new("istio_requests_total", Metric.Requests, Tcp: false),
        new("istio_request_bytes_sum", Metric.UploadBytes, Tcp: false),
        new("istio_response_bytes_sum", Metric.DownloadBytes, Tcp: false),
        new("istio_tcp_connections_opened_total", Metric.ConnectionsOpened, Tcp: true),
        new("istio_tcp_connections_closed_total", Metric.ConnectionsClosed, Tcp: true),
        new("istio_tcp_received_bytes_total", Metric.UploadBytes, Tcp: true),
        new("istio_tcp_sent_bytes_total", Metric.DownloadBytes, Tcp: true),
    ];
}
