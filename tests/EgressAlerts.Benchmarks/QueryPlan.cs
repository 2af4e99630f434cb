using System.Globalization;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.Benchmarks;

/// <summary>What the ways to ask cost a real Prometheus: the time until the whole answer is there, and its size.</summary>
internal static class QueryPlan
{
    private const string Metric = "istio_tcp_sent_bytes_total";
    private const int Rounds = 5;

    private static readonly (string Name, string Query)[] Plans =
    [
        ("m", Metric),
        ("m[60s], what is asked for windows of 30 s", Metric + "[60s]"),
        (
            "sum by (who, to what, pod) (last_over_time(m[60s]))",
            "sum by (source_workload_namespace,source_workload,destination_ip,destination_port,destination_service,destination_service_name,"
            + $"reporter,pod,instance) (last_over_time({Metric}[60s]))"),
        ("m unless (m == m offset 30s), only what moved", $"{Metric} unless ({Metric} == {Metric} offset 30s)"),
    ];

    public static async Task RunAsync(int series)
    {
        await using var mesh = await SimulatorServer.StartAsync(Scenarios.Steady(series * 4)); // Four metrics, of which one is asked for.
        await using var prometheus = await PrometheusServer.StartAsync("15s", ("envoy-stats", mesh.Address));
        await Deadline.UntilAsync(async () => (await prometheus.QueryAsync("up[5m]")).Any(up => up.Samples.Count >= 6), 180, "six scrapes", between: 5);
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        var at = TimeProvider.System.GetUtcNow().AddSeconds(-10).ToUnixTimeSeconds();
        var best = Plans.ToDictionary(plan => plan.Name, _ => (Seconds: double.MaxValue, Bytes: 0L));
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (name, query) in Plans)
            {
                var started = TimeProvider.System.GetTimestamp();
                var address = new Uri(prometheus.Address, $"api/v1/query?query={Uri.EscapeDataString(query)}&time={at}");
                var bytes = (await http.GetByteArrayAsync(address)).LongLength;
                var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
                if (seconds < best[name].Seconds) best[name] = (seconds, bytes);
            }
        }

        foreach (var (name, _) in Plans)
        {
            var ratio = best[name].Seconds / best[Plans[0].Name].Seconds;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{name,-56} {best[name].Seconds:0.00} s  {best[name].Bytes / 1e6:0.0} MB  {ratio:0.00} of m"));
        }
    }
}
