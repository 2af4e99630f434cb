using EgressAlerts.Model;

namespace EgressAlerts.Export;

/// <summary>The names, help texts and labels of the exported flow counters. Hot code.</summary>
internal static class FlowFamilies
{
    private static readonly Metric[] Metrics = Enum.GetValues<Metric>();

    /// <param name="created">Whether OpenMetrics says when each series began.</param>
    public static void Write(ExpositionWriter writer, Admitted admitted, bool created)
    {
        foreach (var metric in Metrics)
        {
            writer.Family($"egress_{metric.Word()}_total", "counter", Help(metric));
            foreach (var series in admitted.Series)
            {
                if (series.Key.Metric == metric) Write(writer, in series.Key, series.Value, created && writer.IsOpenMetrics ? series.Series.Created : null);
            }
        }

        writer.Family("egress_destination_info", "gauge", "What is known about a destination: where its name came from and whether it was confirmed.");
        foreach (var destination in admitted.Destinations)
        {
            writer.Sample(
                1,
                ("destination", destination.Name),
                ("name_source", destination.Source.Word()),
                ("confirmed", destination.Confirmed ? "true" : "false"),
                ("owner", destination.Owner),
                ("network", destination.Network),
                ("region", destination.Region),
                ("domain", destination.Domain));
        }
    }

    private static void Write(ExpositionWriter writer, in SeriesKey key, double value, uint? created)
    {
        var labels = key.Labels;
        Span<(string, string)> all =
        [
            ("source_workload_namespace", labels.SourceNamespace),
            ("source_workload", labels.SourceWorkload),
            ("destination", labels.Destination),
            ("destination_port", labels.Port),
            ("route", labels.Route.Word()),
            ("protocol", labels.Protocol.Word()),
            ("response_flags", key.ResponseFlags),
            ("response_code", key.ResponseCode),
        ];
        var count = key.Metric switch
        {
            Metric.Requests => 8,
            Metric.ConnectionsClosed => 7,
            _ => 6,
        };
        writer.Sample(value, all[..count]);
        if (created is { } seconds) writer.Created(seconds, all[..count]);
    }

    private static string Help(Metric metric) => metric switch
    {
        Metric.Requests => "Requests that left the mesh (istio_requests_total).",
        Metric.ConnectionsOpened => "TCP connections opened to the outside (istio_tcp_connections_opened_total).",
        Metric.ConnectionsClosed => "TCP connections to the outside that ended (istio_tcp_connections_closed_total).",
        Metric.UploadBytes => "Bytes that the application sent out (istio_tcp_received_bytes_total, istio_request_bytes_sum).",
        _ => "Bytes that the application got back (istio_tcp_sent_bytes_total, istio_response_bytes_sum).",
    };
}
