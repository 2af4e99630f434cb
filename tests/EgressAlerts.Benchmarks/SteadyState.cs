using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.Benchmarks;

/// <summary>Runs the built program against a real Prometheus that scrapes a given number of raw series, a tenth of which moves every second,
/// and says what a window costs in CPU time and memory once the start is over.</summary>
internal static class SteadyState
{
    private const int WarmUpWindows = 4;

    public static async Task RunAsync(int series, int windowSeconds, int windows)
    {
        await using var mesh = await SimulatorServer.StartAsync(Scenarios.Steady(series));
        await using var prometheus = await PrometheusServer.StartAsync($"{Math.Max(5, windowSeconds / 2)}s", ("envoy-stats", mesh.Address));
        await using var service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{prometheus.Address}}', interval: {{windowSeconds}}s, delay: 2s }
            dns: { servers: ['{{mesh.Dns.Endpoint}}'], queries_per_second: 1000 }
            alerting: { alertmanagers: [] }
            """);
        await service.StartAsync();
        await WindowsAsync(service, WarmUpWindows, windowSeconds);

        var (cpuBefore, windowsBefore, started) = (await ValueAsync(service, "process_cpu_seconds_total"), await ValueAsync(service, "egress_alerts_windows_total"), TimeProvider.System.GetTimestamp());
        var allocated = await ValueAsync(service, "dotnet_gc_allocated_bytes_total");
        var peak = 0.0;
        for (var i = 1; i <= windows; i++)
        {
            await WindowsAsync(service, (int)windowsBefore + i, windowSeconds);
            peak = Math.Max(peak, await ValueAsync(service, "process_resident_memory_bytes"));
        }

        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var cpu = await ValueAsync(service, "process_cpu_seconds_total") - cpuBefore;
        Console.WriteLine($"raw series tracked      {await ValueAsync(service, "egress_alerts_raw_series"):0}");
        Console.WriteLine($"windows measured        {windows} of {windowSeconds} s");
        Console.WriteLine($"CPU time a window       {cpu / windows * 1000:0} ms");
        Console.WriteLine($"share of one core       {cpu / seconds * 100:0.00} %");
        Console.WriteLine($"allocated a window      {(await ValueAsync(service, "dotnet_gc_allocated_bytes_total") - allocated) / windows / (1 << 20):0.0} MiB");
        Console.WriteLine($"GC heap, committed      {await ValueAsync(service, "dotnet_gc_heap_size_bytes") / (1 << 20):0} MiB, {await ValueAsync(service, "dotnet_gc_committed_bytes") / (1 << 20):0} MiB");
        Console.WriteLine($"resident at most        {peak / (1 << 20):0} MiB");
        Console.WriteLine($"exported series         {(await service.MetricsAsync()).Count(sample => sample.Name.StartsWith("egress_", StringComparison.Ordinal) && !sample.Name.StartsWith("egress_alerts_", StringComparison.Ordinal))}");
    }

    private static Task WindowsAsync(EgressAlertsProcess service, int count, int windowSeconds) => Deadline.UntilAsync(
        async () => await ValueAsync(service, "egress_alerts_windows_total") >= count, (count * windowSeconds * 2) + 60, $"{count} windows:\n{service.Output}", between: 5);

    private static async Task<double> ValueAsync(EgressAlertsProcess service, string name) => (await service.MetricsAsync()).Single(sample => sample.Name == name).Value;
}
