using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.EndToEndTests;

/// <summary>Three weeks of a mesh, with a burst and a beacon planted in it, in the blocks of a real Prometheus. The built program says what it would have
/// alerted on.</summary>
public sealed class BacktestStoryTests : IAsyncLifetime
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    private readonly TemporaryFolder _folder = new();
    private readonly WeeksOfMesh _mesh = new(Aligned(TimeProvider.System.GetUtcNow()));
    private PrometheusServer _prometheus = null!;
    private double _connections;

    private string Samples => _folder.File("mesh.om");

    private string ConfigFile => _folder.Write("new.yml", WeeksOfMesh.Config(_prometheus.Address));

    public async Task InitializeAsync()
    {
        _connections = _mesh.Write(Samples, _mesh.End);
        _prometheus = await PrometheusServer.OnSamplesAsync(Samples);
    }

    public async Task DisposeAsync()
    {
        await _prometheus.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_backtest_finds_what_the_live_stages_would_have_found_window_by_window()
    {
        var report = await ReportAsync($"--config.file={ConfigFile}");
        var played = Alerts(report);
        AssertBegins(played, "EgressUploadSpike/warning/web/cart/storage", _mesh.Burst, TimeSpan.FromHours(1));
        AssertBegins(played, "EgressNewDestination/info/web/mail/45.33.1.66", _mesh.Beacon, Interval);
        AssertBegins(played, "EgressBeaconing/warning/web/mail/45.33.1.66", _mesh.Beacon, TimeSpan.FromHours(12));

        var from = report.GetProperty("from").GetDateTimeOffset();
        AssertEqual(await LiveAsync(from, report.GetProperty("to").GetDateTimeOffset()), played);

        // From the file the same, which no server had.
        var ofFile = await ReportAsync($"--config.file={ConfigFile}", $"--input={Samples}");
        AssertEqual(played, Alerts(ofFile));

        // And the day without data is told, by either.
        var hole = new DateOnly(_mesh.Hole.Year, _mesh.Hole.Month, _mesh.Hole.Day);
        foreach (var each in (JsonElement[])[report, ofFile])
        {
            var days = each.GetProperty("coverage").GetProperty("days").EnumerateArray().Where(day => day.GetProperty("hours_with_data").GetInt32() == 0);
            Assert.Equal([$"{hole:yyyy-MM-dd}"], days.Select(day => day.GetProperty("day").GetString()!));
        }
    }

    [Fact]
    public async Task The_same_backtest_prints_the_same_text_and_touches_nothing_and_compares_two_configurations()
    {
        var config = File.ReadAllText(ConfigFile);
        var mild = _folder.Write("mild.yml", config.Replace("history: 0s", "history: 0s, beaconing: {enabled: false}", StringComparison.Ordinal));
        string[] arguments = [$"--config.file={mild}", $"--against={ConfigFile}", $"--input={Samples}", $"--save-state={_folder.File("first")}"];
        var output = await OutputAsync(0, arguments);
        Assert.Contains($"No data on {_mesh.Hole:yyyy-MM-dd}: not calm, unknown.", output, StringComparison.Ordinal);
        Assert.Matches($"\n\\+0 -[12] against {ConfigFile}\n", output);
        Assert.Contains($"Only {ConfigFile} alerts on these, times in UTC:\n", output, StringComparison.Ordinal);

        // The second time with the names of the database that the first one wrote.
        var before = Hashes(_folder.File("first"));
        Assert.Equal(output, await OutputAsync(0, [.. arguments[..^1], $"--storage.path={_folder.File("first")}"]));
        Assert.Equal(before, Hashes(_folder.File("first")));

        // A database is never replaced.
        var refused = $"--save-state: {_folder.File("first/egress-alerts.db")} is there already and is not replaced: ";
        Assert.StartsWith(refused, await OutputAsync(1, arguments), StringComparison.Ordinal);
        Assert.Equal(before, Hashes(_folder.File("first")));
    }

    [Fact]
    public async Task Serve_goes_on_with_the_habits_and_counters_that_a_backtest_saved()
    {
        // The backtest ends with its last sample, 40 minutes before the end: so the service has windows to catch up at once.
        var until = _mesh.End.AddMinutes(-40);
        _mesh.Write(_folder.File("shorter.om"), until);
        await using var service = new EgressAlertsProcess(WeeksOfMesh.Config(_prometheus.Address));
        await OutputAsync(0, $"--config.file={ConfigFile}", $"--input={_folder.File("shorter.om")}", $"--save-state={service.StorageFolder}");
        Assert.Equal(["egress-alerts.db"], Directory.GetFiles(service.StorageFolder).Select(Path.GetFileName));

        await service.StartAsync();
        await Deadline.UntilAsync(
            async () => await service.ValueAsync("egress_alerts_last_window_end_timestamp_seconds") >= _mesh.End.ToUnixTimeSeconds(),
            60,
            $"it has caught up: {service.Output}");
        var metrics = await service.MetricsAsync();
        double Sum(string name, string? reason = null) => metrics.Where(sample => sample.Name == name && sample["metric"] == "connections_opened"
            && (reason is null || sample["reason"] == reason)).Sum(sample => sample.Value);
        Assert.Equal(_connections, Sum("egress_alerts_counted_total") + Sum("egress_alerts_excluded_total", "baseline"));
        Assert.InRange(Sum("egress_alerts_excluded_total", "baseline"), 0, 100); // Of the first window of the backtest alone.
        Assert.InRange(metrics.Single(sample => sample.Name == "egress_alerts_windows_total").Value, 8, 10); // No window of the three weeks was read again.
        var firing = (await service.GetAsync("api/v1/alerts")).ToString();
        Assert.DoesNotContain("EgressNewDestination", firing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_exit_code_says_whether_a_severe_alert_began()
    {
        string[] arguments = [$"--config.file={ConfigFile}", $"--input={Samples}", "--since=14d"];
        await OutputAsync(1, [.. arguments, "--fail-on=warning"]);
        await OutputAsync(0, [.. arguments, "--fail-on=critical"]);
    }

    private static DateTimeOffset Aligned(DateTimeOffset at) => at.AddTicks(-(at.UtcTicks % Interval.Ticks));

    private static IReadOnlyList<string> Hashes(string folder) =>
    [
        .. Directory.GetFiles(folder).Order(StringComparer.Ordinal)
            .Select(file => $"{Path.GetFileName(file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}"),
    ];

    private static IReadOnlyList<(string Key, DateTimeOffset Begin)> Alerts(JsonElement report) =>
    [
        .. report.GetProperty("alerts").EnumerateArray().Select(alert => (
            string.Join('/', ((string[])["alertname", "severity", "namespace", "workload", "destination"]).Select(name => alert.GetProperty(name).GetString())),
            alert.GetProperty("begin").GetDateTimeOffset())),
    ];

    private static void AssertBegins(IReadOnlyList<(string Key, DateTimeOffset Begin)> alerts, string key, DateTimeOffset after, TimeSpan within) =>
        Assert.Contains(alerts, alert => alert.Key == key && alert.Begin >= after && alert.Begin - after <= within);

    /// <summary>The same alerts, each within a window.</summary>
    private static void AssertEqual(IReadOnlyList<(string Key, DateTimeOffset Begin)> expected, IReadOnlyList<(string Key, DateTimeOffset Begin)> actual)
    {
        var (one, other) = (expected.Order().ToList(), actual.Order().ToList());
        Assert.Equal(one.Select(alert => alert.Key), other.Select(alert => alert.Key));
        Assert.All(one.Zip(other), pair => Assert.True((pair.First.Begin - pair.Second.Begin).Duration() <= Interval, $"{pair.First} and {pair.Second}"));
    }

    /// <summary>The stages of the service, which ask the server for each window by a clock that is moved to its end.</summary>
    private async Task<IReadOnlyList<(string Key, DateTimeOffset Begin)>> LiveAsync(DateTimeOffset from, DateTimeOffset to)
    {
        var (time, metrics, state) = (new HandTime(), new MetricRegistry(), Store.InMemory().Read());
        time.Advance(from - time.GetUtcNow());
        using var http = new HttpClient { BaseAddress = _prometheus.Address };
        var polling = new PollingOptions { Url = _prometheus.Address, Interval = Interval, Delay = TimeSpan.Zero, Late = TimeSpan.Zero };
        var dns = new DnsOptions { Servers = [new IPEndPoint(IPAddress.Loopback, 9)], Attempts = 1 };
        await using var lookups = new Lookups(dns, state, new DnsMetrics(metrics), TimeProvider.System);
        var naming = new NamingOptions
        {
            Networks =
            [
                new() { Name = "partner", Cidrs = [IPNetwork.Parse("52.40.0.0/24")] },
                new() { Name = "storage", Cidrs = [IPNetwork.Parse("52.40.1.0/24")] },
            ],
        };
        var detection = new DetectionOptions { Learning = TimeSpan.FromDays(2), Watchdog = new WatchdogOptions { Enabled = false } };
        var poller = new Poller(http, polling, new TelemetryOptions(), new PollingMetrics(metrics), state, time, NullLogger<Poller>.Instance);
        var namer = new Namer(naming, lookups, state, TimeProvider.System, NullLogger<Namer>.Instance);
        var detectors = new Detectors(detection, new DetectionMetrics(metrics, time), state, NullLogger<Detectors>.Instance);
        var book = new AlertBook(new AlertingOptions { Interval = Interval }, state, new AlertMetrics(metrics));
        var begun = new HashSet<(string, DateTimeOffset)>();
        for (var end = from + Interval; end <= to; end += Interval)
        {
            time.Advance(Interval);
            var window = new Window(end - Interval, end);
            var named = await namer.NameAsync(await poller.TryReadAsync(window, default) ?? throw new InvalidOperationException(poller.Failure), default);
            foreach (var alert in book.Update(detectors.Observe(named), window))
            {
                string Label(string name) => alert.Labels.GetValueOrDefault(name, "");
                var key = $"{Label("alertname")}/{Label("severity")}/{Label("source_workload_namespace")}/{Label("source_workload")}/{Label("destination")}";
                begun.Add((key, alert.StartsAt));
            }
        }

        return [.. begun];
    }

    private async Task<JsonElement> ReportAsync(params string[] arguments)
    {
        var output = await OutputAsync(0, [.. arguments, "-o", "json"]);
        using var report = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..(output.LastIndexOf('}') + 1)]);
        return report.RootElement.Clone();
    }

    /// <summary>Without the lines that say how far it has come.</summary>
    private async Task<string> OutputAsync(int exitCode, params string[] arguments)
    {
        var hasStorage = arguments.Any(argument => argument.StartsWith("--storage.path", StringComparison.Ordinal));
        string[] storage = hasStorage ? [] : [$"--storage.path={_folder.File("none")}"];
        var output = await Tool.OutputAsync("dotnet", [EgressAlertsProcess.Program, "backtest", .. arguments, .. storage], exitCode);
        var lines = output.Split('\n').Where(line => !line.StartsWith("played until ", StringComparison.Ordinal));
        return string.Join('\n', lines).TrimEnd('\n') + "\n";
    }
}
