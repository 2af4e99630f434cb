using System.Text.Json;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>The service is killed again and again, also while its disk takes nothing. It must count every increment once, and take nothing back.</summary>
public sealed class KilledOftenTests : IAsyncLifetime
{
    private const int Services = 8;
    private const int KillsEach = 25;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private SimulatorServer _mesh = null!;
    private PrometheusServer _prometheus = null!;

    public async Task InitializeAsync()
    {
        _mesh = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)), seed: 7);
        _prometheus = await PrometheusServer.StartAsync(Engine.Prometheus, "1s", ("envoy-stats", _mesh.Address));
        await _prometheus.UntilScrapedAsync();
    }

    public async Task DisposeAsync()
    {
        await _prometheus.DisposeAsync();
        await _mesh.DisposeAsync();
    }

    /// <remarks>The services share the mesh and its Prometheus: what takes time is to wait for windows, and to start.</remarks>
    [Fact]
    public async Task Killed_at_200_random_moments_the_books_balance_and_nothing_published_is_taken_back() =>
        await Task.WhenAll(Enumerable.Range(0, Services).Select(SurviveAsync));

    private async Task SurviveAsync(int number)
    {
        var random = new Random(number);
        await using var service = new EgressAlertsProcess($$"""
            prometheus: {url: '{{_prometheus.Address}}', interval: 1s, delay: 1s, timeout: 5s, read: {{(number % 2 == 0 ? "egress" : "all")}}}
            dns: { servers: ['{{_mesh.Dns.Endpoint}}'], timeout: 500ms, queries_per_second: 1000, cache: { min_ttl: 2s } }
            destinations: {patience: 8s}
            alerting: {alertmanagers: []}
            """)
        {
            // What protects memory from being both written and run takes a tenth of a start.
            Environment = { ["DOTNET_EnableWriteXorExecute"] = "0" },
        };
        await service.StartAsync();
        await BalancedAsync(service, default);
        for (var kill = 1; kill <= KillsEach; kill++)
        {
            // Every fifth death comes while the disk takes nothing. What was shown since it filled up cannot be known to the next process.
            var isFull = kill % 5 == 0;
            var shown = await service.MetricsAsync();
            var alerts = await FiringAsync(service);
            if (isFull) await FillDiskAsync(service);
            await RandomMoment.ComeAsync(random, 2 * Window);
            if (!isFull) shown = await service.MetricsAsync();
            Assert.False(service.Process.HasExited, service.Output);
            await service.KillAsync();
            await service.StartAsync();

            var now = (await service.MetricsAsync()).Where(IsCounter).ToDictionary(Series, sample => sample.Value);
            foreach (var before in shown.Where(IsCounter))
            {
                var value = now.GetValueOrDefault(Series(before), double.NaN);
                var story = $"death {kill} of service {number}: {Series(before)} showed {before.Value}, and then {value}\n{service.Output}";
                Assert.True(value >= before.Value, story);
            }

            foreach (var (fingerprint, startsAt) in await FiringAsync(service))
            {
                if (alerts.TryGetValue(fingerprint, out var before)) Assert.Equal(before, startsAt);
            }

            await BalancedAsync(service, WindowEnd(shown));
        }
    }

    /// <summary>No file of the process may grow beyond 4 KiB from now on. That is a full disk to it, and it says so; it must not end for it.</summary>
    private static async Task FillDiskAsync(EgressAlertsProcess service)
    {
        await Tool.OutputAsync("prlimit", ["--pid", $"{service.Process.Id}", "--fsize=4096:"]);
        await service.Process.UntilWrittenAsync("cannot be written");
    }

    private static bool IsCounter(PromSample sample) =>
        sample.Name.StartsWith("egress_", StringComparison.Ordinal)
        && sample.Name.EndsWith("_total", StringComparison.Ordinal)
        && !sample.Name.StartsWith("egress_alerts_", StringComparison.Ordinal);

    private static string Series(PromSample sample) =>
        $"{sample.Name}{{{string.Join(',', sample.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"))}}}";

    private static double WindowEnd(IReadOnlyList<PromSample> metrics) =>
        metrics.SingleOrDefault(sample => sample.Name == "egress_alerts_last_window_end_timestamp_seconds")?.Value ?? 0;

    /// <summary>Waits for a later window, and for its books to balance.</summary>
    private async Task BalancedAsync(EgressAlertsProcess service, double after)
    {
        var end = DateTimeOffset.FromUnixTimeMilliseconds((long)(after * 1000));
        var ledger = await Deadline.UntilAsync(
            () => Ledger.OfAsync(service, _prometheus, _mesh.World, after: end),
            90,
            $"the books of a later window; the service said:\n{service.Output}");
        Assert.True(ledger.Differences.Count == 0, $"{string.Join('\n', ledger.Differences)}\n{service.Output}");
    }

    private static async Task<Dictionary<string, string>> FiringAsync(EgressAlertsProcess service) =>
        (await service.GetAsync("api/v1/alerts")).EnumerateArray().Where(alert => alert.GetProperty("ends_at").ValueKind == JsonValueKind.Null)
            .ToDictionary(alert => alert.GetProperty("fingerprint").GetString()!, alert => alert.GetProperty("starts_at").GetString()!);
}
