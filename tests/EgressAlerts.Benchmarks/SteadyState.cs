using System.Globalization;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.Benchmarks;

/// <summary>Runs the built program in its steady state, a tenth of the raw series moving, and says what a window costs in CPU time and memory.</summary>
internal static class SteadyState
{
    private const int WarmUpWindows = 4;

    /// <summary>At a real Prometheus that scrapes the series.</summary>
    public static async Task AtPrometheusAsync(int series, int windowSeconds, int windows)
    {
        await using var mesh = await SimulatorServer.StartAsync(Scenarios.Steady(series));
        await using var prometheus = await PrometheusServer.StartAsync($"{Math.Max(5, windowSeconds / 2)}s", ("envoy-stats", mesh.Address));
        await MeasureAsync(prometheus.Address, $"{mesh.Dns.Endpoint}", windowSeconds, windows);
    }

    /// <summary>At a server that makes its answers up: for more series than a Prometheus on the same machine can hold and answer for.</summary>
    /// <param name="pods">How many pods have an <c>up</c>, if more than the series are of.</param>
    public static async Task AtMadeUpAnswersAsync(int series, int windowSeconds, int windows, int pods)
    {
        await using var dns = new DnsResponder(Scenarios.Steady(series).Zone, 0);
        await using var server = await MadeUpPrometheus.StartAsync(series, pods);
        await MeasureAsync(server.Address, $"{dns.Endpoint}", windowSeconds, windows);
    }

    private static async Task MeasureAsync(Uri prometheus, string dns, int windowSeconds, int windows)
    {
        await using var service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{prometheus}}', interval: {{windowSeconds}}s, delay: 2s, read: all }
            dns: { servers: ['{{dns}}'], queries_per_second: 1000 }
            alerting: { alertmanagers: [] }
            """);
        await service.StartAsync();
        await WindowsAsync(service, WarmUpWindows, windowSeconds);

        var cpuBefore = await service.ValueAsync("process_cpu_seconds_total");
        var windowsBefore = await service.ValueAsync("egress_alerts_windows_total");
        var allocatedBefore = await service.ValueAsync("dotnet_gc_allocated_bytes_total");
        var started = TimeProvider.System.GetTimestamp();
        await WindowsAsync(service, (int)windowsBefore + windows, windowSeconds);
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var cpu = await service.ValueAsync("process_cpu_seconds_total") - cpuBefore;
        var allocated = await service.ValueAsync("dotnet_gc_allocated_bytes_total") - allocatedBefore;
        var heap = await service.ValueAsync("dotnet_gc_heap_size_bytes");
        var committed = await service.ValueAsync("dotnet_gc_committed_bytes");
        Console.WriteLine($"raw series tracked      {await service.ValueAsync("egress_alerts_raw_series"):0}");
        Console.WriteLine($"windows measured        {windows} of {windowSeconds} s");
        Console.WriteLine($"CPU time a window       {cpu / windows * 1000:0} ms");
        Console.WriteLine($"share of one core       {cpu / seconds * 100:0.00} %");
        Console.WriteLine($"allocated a window      {allocated / windows / (1 << 20):0.0} MiB");
        Console.WriteLine($"GC heap, committed      {heap / (1 << 20):0} MiB, {committed / (1 << 20):0} MiB");
        Console.WriteLine($"resident at most        {ProcessUse.Of(service.Process.Id)!.Value.PeakMiB:0} MiB");
        Console.WriteLine($"exported series         {(await service.MetricsAsync()).Count(IsExported)}");
    }

    private static bool IsExported(PromSample sample) =>
        sample.Name.StartsWith("egress_", StringComparison.Ordinal) && !sample.Name.StartsWith("egress_alerts_", StringComparison.Ordinal);

    /// <summary>Waits until the service has read so many windows.</summary>
    public static Task WindowsAsync(EgressAlertsProcess service, int count, int windowSeconds) => Deadline.UntilAsync(
        async () => await service.ValueAsync("egress_alerts_windows_total") >= count,
        (count * windowSeconds * 5) + 120,
        $"{count} windows:\n{service.Output}",
        between: 5);
}
