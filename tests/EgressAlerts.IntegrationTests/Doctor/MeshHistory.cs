using System.Globalization;
using System.Text;

namespace EgressAlerts.IntegrationTests.Doctor;

/// <summary>A quarter of an hour of a mesh's metrics as a text of samples, which ends two minutes ahead, so that a test never runs out of it.</summary>
internal sealed class MeshHistory
{
    private static readonly string[] Http = ["istio_requests_total", "istio_request_bytes_sum", "istio_response_bytes_sum"];

    private static readonly string[] Tcp =
    [
        "istio_tcp_connections_opened_total", "istio_tcp_connections_closed_total", "istio_tcp_received_bytes_total", "istio_tcp_sent_bytes_total",
    ];

    private readonly SortedDictionary<string, List<(string Labels, double Value, int Step)>> _series = new(StringComparer.Ordinal);

    /// <summary>The time between two samples, in seconds, of what is added from now on.</summary>
    public int Step { get; set; } = 15;

    /// <summary>A sidecar that talks to a site over HTTP, and to an address over TCP.</summary>
    public static MeshHistory Healthy() => new MeshHistory().Up("envoy-stats", 15090).Mesh("envoy-stats", 15090);

    public MeshHistory Up(string job, int port, string more = "", double value = 1) => Add("up", $"job=\"{job}\",instance=\"10.44.0.1:{port}\"{more}", value);

    public MeshHistory Mesh(string job, int port, string more = "", string address = "52.1.2.3:443", string workload = "cart")
    {
        var target = $"job=\"{job}\",instance=\"10.44.0.1:{port}\"{more}";
        var source = workload.Length > 0 ? $"source_workload=\"{workload}\",source_workload_namespace=\"shop\"" : "source_workload_namespace=\"shop\"";
        var to = address.Length > 0 ? $",destination_ip=\"{address}\"" : "";
        foreach (var name in Http)
        {
            Add(name, $"{target},reporter=\"source\",{source},destination_workload=\"unknown\",destination_service=\"example.com\","
                + "destination_service_name=\"PassthroughCluster\",request_protocol=\"http\",response_code=\"200\",response_flags=\"-\"" + to);
        }

        return Connections($"{target},reporter=\"source\",{source},destination_workload=\"unknown\",destination_service=\"unknown\","
            + "destination_service_name=\"PassthroughCluster\",request_protocol=\"tcp\",response_flags=\"-\"" + to);
    }

    /// <summary>Series of all metrics of TCP.</summary>
    public MeshHistory Connections(string labels)
    {
        foreach (var name in Tcp) Add(name, labels);
        return this;
    }

    /// <summary>A series that keeps its value.</summary>
    public MeshHistory Add(string name, string labels, double value = 100)
    {
        if (!_series.TryGetValue(name, out var list)) _series.Add(name, list = []);
        list.Add((labels, value, Step));
        return this;
    }

    /// <summary>OpenMetrics with times in seconds, or Prometheus' text with times in milliseconds.</summary>
    public string Write(DateTimeOffset now, bool isOpenMetrics = true)
    {
        var text = new StringBuilder();
        foreach (var (name, list) in _series)
        {
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} gauge\n");
            foreach (var (labels, value, step) in list)
            {
                for (var at = now.ToUnixTimeSeconds() - 900; at <= now.ToUnixTimeSeconds() + 120; at += step)
                    text.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {value} {at}{(isOpenMetrics ? "" : "000")}\n");
            }
        }

        return text.Append(isOpenMetrics ? "# EOF\n" : "").ToString();
    }
}
