using System.Globalization;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>The promise at the heart, against a real Prometheus and a real VictoriaMetrics: every increment that they stored is counted once.</summary>
public sealed class ExactnessTests : IAsyncLifetime
{
    private const int Windows = 8;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private readonly Random _random = new(1);
    private readonly List<Ledger> _books = [];
    private SimulatorServer _mesh = null!;
    private PrometheusServer _prometheus = null!;
    private EgressAlertsProcess _service = null!;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _prometheus.DisposeAsync();
        await _mesh.DisposeAsync();
    }

    /// <remarks>VictoriaMetrics shows a sample some seconds after it took it; 10 s were once not enough.</remarks>
    [Theory]
    [InlineData(Engine.Prometheus)]
    [InlineData(Engine.VictoriaMetrics)]
    public async Task The_sums_equal_the_truth_at_every_window_through_births_resets_deaths_crashes_and_an_outage(Engine engine)
    {
        await StartAsync(engine);
        await BalanceAsync(Windows);

        await CrashAsync();
        await BalanceAsync(Windows / 2);

        // Down for three windows, then back with what it had stored.
        await _prometheus.StopAsync();
        await Deadline.UntilAsync(async () => await FailuresAsync() >= 3, 60, "three windows went by without an answer");
        await _prometheus.StartAsync();
        await BalanceAsync(Windows / 2);

        // Somebody deletes the database. The next window writes it anew, and the process after this one goes on with it.
        foreach (var file in Directory.GetFiles(_service.StorageFolder, "egress-alerts.db*")) File.Delete(file);
        await BalanceAsync(2, after: _books[^1].WindowEnd);
        Assert.Contains("has been written anew from memory", _service.Output, StringComparison.Ordinal);
        await CrashAsync();
        await BalanceAsync(1);

        // A stop moves all that was written into the database itself.
        Assert.Equal(0, await _service.StopAsync());
        await _service.StartAsync();
        await BalanceAsync(Windows / 2);

        // The disk lost half of the database: the hourly backup, and the windows since it was made, lead to the same numbers, and no new baseline is taken.
        // The old one may end earlier than it did: VictoriaMetrics had not shown all of the first windows when they were read first.
        var baseline = await BaselineAsync();
        await CrashAsync(() =>
        {
            Assert.True(File.Exists(Path.Combine(_service.StorageFolder, "egress-alerts.backup.db")));
            using var file = File.OpenWrite(Path.Combine(_service.StorageFolder, "egress-alerts.db"));
            file.SetLength(file.Length / 2);
        });
        Assert.Contains("egress-alerts.backup.db of ", _service.Output, StringComparison.Ordinal);
        var aside = Directory.GetFiles(_service.StorageFolder, "egress-alerts.db.damaged-*");
        Assert.Single(aside, file => !file.EndsWith("-wal", StringComparison.Ordinal) && !file.EndsWith("-shm", StringComparison.Ordinal));
        await BalanceAsync(Windows / 2, after: _books[^1].WindowEnd);
        Assert.InRange(await BaselineAsync(), baseline - (engine == Engine.Prometheus ? 0 : 30), baseline);

        // The books would balance just as well over nothing.
        var last = _books[^1];
        Assert.Equal(["blocked", "passthrough", "registered"], last.Truth.Keys.Select(key => key.Route).Distinct().Order());
        Assert.Contains(last.Truth.Keys, key => key.Workload == "job");
        Assert.Contains(_books, books => books.Waiting.Count > 0);
        // What showed 0 first shows its value soon after: nothing is new for longer than it takes to scrape.
        Assert.Contains(_books, books => books.New.Count > 0);
        Assert.True(last.New.Values.Sum() < last.Exported.Values.Sum() / 2, $"{last.New.Values.Sum()} of {last.Exported.Values.Sum()} still show 0");
    }

    /// <summary>A relabel rule is edited while the proxies live: every series ends, and every counter goes on under other labels.</summary>
    [Fact]
    public async Task When_all_target_labels_change_the_sums_are_still_the_truth()
    {
        await StartAsync(Engine.Prometheus);
        await BalanceAsync(2);
        await _prometheus.RelabelAsync("version", "2");

        // Where a counter was restarted just then, the second sample under the new labels tells.
        await Deadline.UntilAsync(
            async () => (await _prometheus.QueryAsync("up{version=\"2\"}[1m]")).Any(up => up.Samples.Count >= 4), 30, "the new labels are there");
        var before = _books[^1].WindowEnd;
        await Deadline.UntilAsync(
            async () => await Ledger.OfAsync(_service, _prometheus, _mesh.World, after: before + (3 * Window)) is not null,
            60,
            "the window is over");
        await BalanceAsync(Windows);
    }

    /// <summary>VictoriaMetrics scrapes and stores in one process. Paused, it shows what it had taken only after windows that ended later.</summary>
    [Fact]
    public async Task When_a_store_stalls_and_shows_samples_late_the_sums_are_still_the_truth()
    {
        // Pods live for a minute, because nobody scrapes while the store stands still for a quarter of one: of a shorter life nobody could see the end.
        await StartAsync(Engine.VictoriaMetrics, interval: 5, scenario: Scenarios.Restarts(TimeSpan.FromMilliseconds(250), life: 240));
        await BalanceAsync(2);
        for (var pause = 0; pause < 2; pause++)
        {
            var failures = await FailuresAsync();
            _prometheus.Freeze();
            await Deadline.UntilAsync(async () => await FailuresAsync() >= failures + 2, 90, "the store is not there for three windows");
            _prometheus.Thaw();

            // What became visible after its window had been read counts with a later one.
            var thawed = TimeProvider.System.GetUtcNow();
            IReadOnlyList<string> differences = ["no window has been read"];
            try
            {
                await Deadline.UntilAsync(BalancesAsync, 90, "the books balance again, late samples included");
            }
            catch (TimeoutException)
            {
                Assert.Fail($"{string.Join('\n', differences)}\n{_service.Output}");
            }

            async Task<bool> BalancesAsync()
            {
                if (await Ledger.OfAsync(_service, _prometheus, _mesh.World, after: thawed) is not { } books) return false;
                differences = books.Differences;
                return differences.Count == 0;
            }
        }
    }

    [Fact]
    public async Task With_places_for_50_series_the_sums_of_each_workload_are_the_same_truth()
    {
        await StartAsync(Engine.Prometheus, "cardinality: { max_series: 50, max_destinations_per_workload: 5 }");
        await BalanceAsync(Windows);
        var metrics = await _service.MetricsAsync();
        Assert.InRange(metrics.Single(sample => sample.Name == "egress_alerts_series" && sample["state"] == "live").Value, 20, 50);
        Assert.Contains(metrics, sample => sample.Name == "egress_upload_bytes_total" && sample["destination"] == "__other__" && sample.Value > 0);
    }

    /// <summary>The configuration goes to and fro between all series and those that may be egress, and the process dies in between.</summary>
    [Theory]
    [InlineData(Engine.Prometheus)]
    [InlineData(Engine.VictoriaMetrics)]
    public async Task Whatever_is_read_the_sums_are_the_same_truth(Engine engine)
    {
        await StartAsync(engine, read: "egress");
        await BalanceAsync(Windows / 2);
        Assert.DoesNotContain(await _service.MetricsAsync(), IsInMesh);
        foreach (var (from, to) in ((string, string)[])[("egress", "all"), ("all", "egress")])
        {
            _service.Config = _service.Config.Replace($"read: {from}", $"read: {to}", StringComparison.Ordinal);
            await CrashAsync();
            await BalanceAsync(Windows / 2);
        }

        Assert.Contains(await _service.MetricsAsync(), IsInMesh); // From the windows in the middle.

        static bool IsInMesh(PromSample sample) => sample is { Name: "egress_alerts_excluded_total", Value: > 0 } && sample["reason"] == "in_mesh";
    }

    private async Task StartAsync(Engine engine, string more = "", int interval = 2, Scenario? scenario = null, string read = "all")
    {
        _mesh = await SimulatorServer.StartAsync(scenario ?? Scenarios.Churn(TimeSpan.FromMilliseconds(250)), seed: 42);
        _prometheus = await PrometheusServer.StartAsync(engine, "1s", ("envoy-stats", _mesh.Address));
        _service = new EgressAlertsProcess($$"""
            prometheus:
              { url: '{{_prometheus.Address}}', read: {{read}}, interval: {{interval}}s, delay: {{(engine == Engine.Prometheus ? 1 : 15)}}s, timeout: 5s }
            dns: { servers: ['{{_mesh.Dns.Endpoint}}'], timeout: 500ms, queries_per_second: 1000, cache: { min_ttl: 2s } }
            destinations: {patience: 8s}
            alerting: {alertmanagers: []}
            {{more}}
            """);
        await _prometheus.UntilScrapedAsync();
        await _service.StartAsync();
    }

    /// <summary>As <c>kill -9</c>, at any moment of a window: also in the middle of a pass.</summary>
    private async Task CrashAsync(Action? damage = null)
    {
        await RandomMoment.ComeAsync(_random, Window);
        await _service.KillAsync();
        damage?.Invoke();
        await _service.StartAsync();
    }

    /// <summary>Checks the books at the end of each of the next windows.</summary>
    private async Task BalanceAsync(int windows, DateTimeOffset after = default)
    {
        var last = after;
        for (var seen = 0; seen < windows; seen++)
        {
            var ledger = await Deadline.UntilAsync(
                () => Ledger.OfAsync(_service, _prometheus, _mesh.World, after: last),
                90,
                string.Create(CultureInfo.InvariantCulture, $"a window after {last}; the service said:\n{_service.Output}"));
            Assert.True(ledger.Differences.Count == 0, string.Join('\n', ledger.Differences));
            var earlier = _books.LastOrDefault(books => books.WindowEnd <= ledger.WindowEnd - Patience - Window);
            if (earlier is not null) Assert.Equal([], ledger.Overdue(earlier));
            _books.Add(ledger);
            last = ledger.WindowEnd;
        }
    }

    private Task<double> FailuresAsync() => _service.ValueAsync("egress_alerts_window_failures_total");

    private Task<double> BaselineAsync() => _service.ValueAsync("egress_alerts_baseline_window_end_timestamp_seconds");
}
