using System.Globalization;
using System.Text.Json;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.Benchmarks;

/// <summary>What a large mesh costs the built program and a real store, where 2 % of the raw series are egress: with <c>prometheus.read: egress</c> and with
/// <c>all</c>, one after the other at the same store, which scrapes all series twice a window.</summary>
internal sealed class MeshCost : IDisposable
{
    private const int WarmUpWindows = 2;

    /// <summary>The complement of what <c>egress</c> reads, in two selectors without overlap.</summary>
    private static readonly string[] WithinTheMesh = ["reporter=\"destination\"", "reporter!=\"destination\",destination_workload!~\"|unknown\""];

    private static readonly string[] Metrics =
    [
        "istio_requests_total", "istio_request_bytes_sum", "istio_response_bytes_sum", "istio_tcp_connections_opened_total",
        "istio_tcp_connections_closed_total", "istio_tcp_received_bytes_total", "istio_tcp_sent_bytes_total",
    ];

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(10) };
    private readonly PrometheusServer _store;
    private readonly int _windowSeconds;
    private readonly int _windows;

    /// <summary>Seconds of CPU time that the store takes in a second without anyone who reads.</summary>
    private double _idle;

    private MeshCost(PrometheusServer store, int windowSeconds, int windows) => (_store, _windowSeconds, _windows) = (store, windowSeconds, windows);

    public static async Task RunAsync(int series, int windowSeconds, int windows, Engine engine)
    {
        await using var mesh = await MadeUpMesh.StartAsync(series);
        await using var dns = new DnsResponder(Scenarios.Steady(series).Zone, 0);
        using var folder = new TemporaryFolder();
        var config = folder.Write("prometheus.yml", mesh.Config($"{Math.Max(1, windowSeconds / 2)}s"));
        await using var store = await PrometheusServer.OnAsync(config, engine);
        await Deadline.UntilAsync(
            async () => (await store.QueryAsync("count_over_time(up{instance=~\"target-.*\"}[10m]) >= 2")).Count == mesh.Targets,
            (windowSeconds * 4) + 600, "all targets are scraped twice", between: 1);
        using var cost = new MeshCost(store, windowSeconds, windows);
        await cost.IdleAsync();
        await cost.AskAsync("all series over a window and two minutes", Metrics.Select(metric => $"{metric}[{windowSeconds + 120}s]"));
        await cost.AskAsync("sum(increase(within the mesh[5m])), all metrics", Metrics.SelectMany(metric => WithinTheMesh
            .Select(matchers => $"sum(increase({metric}{{{matchers}}}[5m]))")));
        foreach (var read in (string[])["egress", "all"]) await cost.ReadAsync(read, $"{dns.Endpoint}");
    }

    public void Dispose() => _http.Dispose();

    private async Task IdleAsync()
    {
        var (seconds, cpu, resident) = await StoreDuringAsync(async () =>
        {
            using var end = new PeriodicTimer(TimeSpan.FromSeconds(_windows * _windowSeconds));
            await end.WaitForNextTickAsync();
        });
        _idle = cpu / seconds;
        Tell($"{"the store alone",-52} store: {_idle * _windowSeconds:0.00} s of CPU time a window, {resident:0} MiB at most");
    }

    private async Task ReadAsync(string read, string dns)
    {
        await using var service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{_store.Address}}', interval: {{_windowSeconds}}s, delay: 2s, timeout: 60s, read: {{read}} }
            dns: { servers: ['{{dns}}'], queries_per_second: 1000 }
            alerting: { alertmanagers: [] }
            """);
        await service.StartAsync();
        await SteadyState.WindowsAsync(service, WarmUpWindows, _windowSeconds);
        var first = await service.ValueAsync("egress_alerts_windows_total");
        var before = ProcessUse.Of(service.Process.Id)!.Value;
        var (seconds, cpu, resident) = await StoreDuringAsync(() => SteadyState.WindowsAsync(service, (int)first + _windows, _windowSeconds));
        var after = ProcessUse.Of(service.Process.Id)!.Value;
        var series = await service.ValueAsync("egress_alerts_raw_series");
        var status = await service.GetAsync("api/v1/status");
        await service.StopAsync();

        Tell($"read: {read}, {series:0} series");
        Tell($"{"  a window",-52} ours:  {(after.Cpu - before.Cpu) / _windows:0.00} s of CPU time, {after.PeakMiB:0} MiB at most");
        Tell($"{"",-52} store: {(cpu - (_idle * seconds)) / _windows:0.00} s of CPU time beyond the store alone, {resident:0} MiB at most");
        var queries = status.GetProperty("queries").EnumerateArray().Select(query => query.GetProperty("query").GetString()!).ToList();
        var at = status.GetProperty("last_window_end").GetDateTimeOffset();
        var counters = queries.Where(query => query.StartsWith("istio_", StringComparison.Ordinal) && query.EndsWith("ms]", StringComparison.Ordinal)).ToList();
        await AskAsync("  the same queries once more: counters", counters, at);
        await AskAsync("  the same queries once more: up", queries.Where(query => query.StartsWith("last_over_time(up", StringComparison.Ordinal)), at);
        await AskAsync("  the look for late samples", counters.Select(query => query[..query.LastIndexOf('[')])
            .Select(selector => $"last_over_time({selector}[20m]) unless last_over_time({selector}[{_windowSeconds + 120}s])"));
    }

    /// <summary>Sends queries and tells what the store took for them.</summary>
    private async Task AskAsync(string what, IEnumerable<string> queries, DateTimeOffset? at = null)
    {
        var time = (at ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var (bytes, count, buffer) = (0L, 0, new byte[1 << 16]);
        var (seconds, cpu, resident) = await StoreDuringAsync(async () =>
        {
            foreach (var query in queries)
            {
                using var form = new FormUrlEncodedContent([new("query", query), new("time", time)]);
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_store.Address, "api/v1/query")) { Content = form };
                using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                answer.EnsureSuccessStatusCode();
                await using var body = await answer.Content.ReadAsStreamAsync();
                int read;
                while ((read = await body.ReadAsync(buffer)) > 0) bytes += read;
                count++;
            }
        });
        var own = Math.Max(0, cpu - (_idle * seconds));
        Tell($"{what,-52} store: {own:0.00} s of CPU time, {seconds:0.0} s, {count} queries, {bytes / 1e6:0.0} MB, {resident:0} MiB at most");
    }

    /// <summary>What the store takes while something happens: seconds that pass, seconds of CPU time, and MiB of memory at most.</summary>
    private async Task<(double Seconds, double Cpu, double Resident)> StoreDuringAsync(Func<Task> happens)
    {
        ProcessUse.ForgetPeak(_store.Id);
        var before = ProcessUse.Of(_store.Id)!.Value;
        var started = TimeProvider.System.GetTimestamp();
        await happens();
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var after = ProcessUse.Of(_store.Id)!.Value;
        return (seconds, after.Cpu - before.Cpu, after.PeakMiB);
    }

    private static void Tell(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
