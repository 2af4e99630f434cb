using System.Globalization;
using System.Text;

namespace EgressAlerts.Testing;

/// <summary>Three weeks of a small mesh as OpenMetrics text: calm traffic, pods that live a day, and what was planted in it. The same at every call.</summary>
/// <param name="end">The last scrape.</param>
public sealed class WeeksOfMesh(DateTimeOffset end)
{
    private const int StepSeconds = 150;

    private static readonly string[] Workloads = ["shop", "cart", "mail", "search", "crawler"];

    /// <summary>Nothing was scraped in the 24 hours from here on.</summary>
    public DateTimeOffset Hole { get; } = Midnight(end).AddDays(-5);

    /// <summary>An hour in which <c>cart</c> sends out far more than ever.</summary>
    public DateTimeOffset Burst { get; } = Midnight(end).AddDays(-3).AddHours(2);

    /// <summary>From here on <c>mail</c> calls a new address every quarter of an hour.</summary>
    public DateTimeOffset Beacon { get; } = Midnight(end).AddDays(-8).AddHours(3);

    public DateTimeOffset Start { get; } = end.AddDays(-21);

    public DateTimeOffset End => end;

    /// <summary>Finds all names without DNS but that of the beacon, and asks name servers that are not there for it.</summary>
    public static string Config(Uri prometheus) => $$"""
        prometheus: { url: '{{prometheus}}', interval: 5m, delay: 0s, late: 0s }
        dns: { servers: ['127.0.0.1:9'], attempts: 1 }
        destinations: { networks: [{ name: partner, cidrs: [52.40.0.0/24] }, { name: storage, cidrs: [52.40.1.0/24] }] }
        detection: { learning: 2d, history: 0s }
        alerting: { alertmanagers: [] }
        """;

    /// <param name="until">Later scrapes are left out.</param>
    /// <returns>All connections that its counters have counted by then.</returns>
    public double Write(string file, DateTimeOffset until)
    {
        using var text = new StreamWriter(file, append: false, new UTF8Encoding(false)) { NewLine = "\n" };
        text.WriteLine("# TYPE up gauge");
        var step = TimeSpan.FromSeconds(StepSeconds);
        var sums = new Dictionary<string, (double Connections, double Bytes)>();
        for (var at = Start.AddTicks(-(Start.UtcTicks % step.Ticks)) + step; at <= until; at += step)
        {
            if (at >= Hole && at < Hole.AddDays(1)) continue;
            var seconds = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            foreach (var (number, workload) in Workloads.Index())
            {
                // A pod of each workload lives from noon to noon.
                var day = (long)(at - DateTimeOffset.UnixEpoch.AddHours(12 + number)).TotalDays;
                var target = $"job=\"envoy\",instance=\"10.0.{number}.{day % 250}:15090\",namespace=\"web\",pod=\"{workload}-{day}\"";
                text.WriteLine($"up{{{target}}} 1 {seconds}");
                foreach (var (to, connections, bytes) in Traffic(workload, at))
                {
                    var flow = $"reporter=\"source\",source_workload=\"{workload}\",source_workload_namespace=\"web\",destination_service=\"unknown\","
                        + $"destination_service_name=\"PassthroughCluster\",destination_ip=\"{to}:443\",destination_port=\"443\",response_flags=\"-\",{target}";
                    var (allConnections, allBytes) = sums.GetValueOrDefault(flow);
                    (allConnections, allBytes) = sums[flow] = (allConnections + connections, allBytes + bytes);
                    if (allConnections == 0) continue;
                    text.WriteLine($"istio_tcp_connections_opened_total{{{flow}}} {allConnections.ToString(CultureInfo.InvariantCulture)} {seconds}");
                    text.WriteLine($"istio_tcp_received_bytes_total{{{flow}}} {allBytes.ToString(CultureInfo.InvariantCulture)} {seconds}");
                }
            }
        }

        text.WriteLine("# EOF");
        return sums.Values.Sum(sum => sum.Connections);
    }

    private static DateTimeOffset Midnight(DateTimeOffset at) => new(at.UtcDateTime.Date, TimeSpan.Zero);

    private IEnumerable<(string To, double Connections, double Bytes)> Traffic(string workload, DateTimeOffset at)
    {
        var isBurst = workload == "cart" && at > Burst && at <= Burst.AddHours(1);
        var isMoving = at.ToUnixTimeSeconds() / StepSeconds % 4 != 3;
        yield return ("52.40.0.7", isMoving ? 3 : 0, isMoving ? 20_000 : 0);
        yield return ("52.40.1.9", isMoving ? 1 : 0, isBurst ? 100 << 20 : isMoving ? 200_000 : 0);
        var calls = at.ToUnixTimeSeconds() % 900 == 0 ? 1 : 0;
        if (workload == "mail" && at >= Beacon) yield return ("45.33.1.66", calls, calls * 900);
    }
}
