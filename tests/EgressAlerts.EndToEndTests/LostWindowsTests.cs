using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>A window that can never be read any more is skipped, but never silently.</summary>
public sealed class LostWindowsTests : IAsyncLifetime
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    private readonly Scenario _scenario = Scenarios.Gateway();
    private SimulatorServer _mesh = null!;
    private PrometheusServer _prometheus = null!;
    private EgressAlertsProcess _service = null!;

    public async Task InitializeAsync()
    {
        _mesh = await SimulatorServer.StartAsync(_scenario);
        _prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", _mesh.Address));
        _service = new EgressAlertsProcess(Config(""));
        await _prometheus.UntilScrapedAsync();
        await _service.StartAsync();
        await Deadline.UntilAsync(async () => await RequestsAsync() > 0, 30, "the mesh is being counted");
    }

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _prometheus.DisposeAsync();
        await _mesh.DisposeAsync();
    }

    [Fact]
    public async Task What_lies_beyond_the_catch_up_bound_is_named_counted_and_still_in_the_sums()
    {
        await _service.KillAsync();
        await PlayAsync(Window * 5);
        _service.Config = Config(", max_catch_up: 2s");
        await _service.StartAsync();
        await Deadline.UntilAsync(async () => await SkippedAsync() >= 2, 30, $"windows are skipped:\n{_service.Output}");
        Assert.Matches("windows are skipped, \\S+Z\\.\\.\\S+Z: they lie further back than prometheus.max_catch_up \\(2s\\)", _service.Output);

        var ledger = await Deadline.UntilAsync(() => Ledger.OfAsync(_service, _prometheus, _mesh.World), 30, "the books of a window");
        Assert.True(ledger.Differences.Count == 0, string.Join('\n', ledger.Differences));
    }

    [Fact]
    public async Task What_Prometheus_has_lost_is_skipped_by_name_and_counting_goes_on()
    {
        await _service.KillAsync();
        var before = (await _prometheus.QueryAsync("sum(istio_requests_total)")).Single().Samples.Single().Value;
        await _prometheus.StopAsync();
        _prometheus.Wipe();
        await PlayAsync(Window * 3);
        await _prometheus.StartAsync();
        await _service.StartAsync();
        await Deadline.UntilAsync(async () => await SkippedAsync() >= 1, 30, $"a window is skipped:\n{_service.Output}");
        Assert.Matches("the window \\S+Z\\.\\.\\S+Z is skipped: Prometheus has nothing from then nor what it had before", _service.Output);

        // The counters lived on: with the first new sample they count what they grew by meanwhile.
        await Deadline.UntilAsync(async () => await RequestsAsync() > before, 30, $"counting goes on:\n{_service.Output}");
    }

    private string Config(string more) => $$"""
        prometheus: { url: '{{_prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s{{more}} }
        dns: { servers: ['{{_mesh.Dns.Endpoint}}'] }
        alerting: { alertmanagers: [] }
        """;

    /// <summary>Waits until the mesh has played for a time.</summary>
    private async Task PlayAsync(TimeSpan time)
    {
        var last = TicksPlayed() + (int)(time / _scenario.Tick);
        await Deadline.UntilAsync(() => TicksPlayed() >= last, 60, $"the mesh has played for {time}");
    }

    private int TicksPlayed()
    {
        var ticks = 0;
        _mesh.World.Do(world => ticks = world.Tick);
        return ticks;
    }

    private async Task<double> RequestsAsync() =>
        (await _service.MetricsAsync()).Where(sample => sample.Name == "egress_requests_total").Sum(sample => sample.Value);

    private Task<double> SkippedAsync() => _service.ValueAsync("egress_alerts_windows_skipped_total");
}
