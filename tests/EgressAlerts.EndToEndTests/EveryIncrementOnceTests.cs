using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>Ordinary changes around the service, each of which once made counts wrong.</summary>
/// <remarks>The samples are made up, because no real server shows them at the right moment.</remarks>
public sealed class EveryIncrementOnceTests : IAsyncLifetime
{
    private const int Lifetime = 78_190;
    private const int Minutes = 4;

    private readonly DateTimeOffset _begin = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 2 * 2).AddSeconds(-60);

    private SampleStore _store = null!;
    private EgressAlertsProcess _service = null!;

    public async Task InitializeAsync()
    {
        _store = await SampleStore.StartAsync();
        _service = new EgressAlertsProcess(Config(_store, ""));
        Up(_store, "");
    }

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task A_label_of_the_target_that_changes_makes_no_new_counter()
    {
        var change = Seconds(30);
        _store.Add(Up("version=\"1\""), Each(0, change, _ => 1));
        _store.Add(Up("version=\"2\""), Each(change + 2, Minutes * 60, _ => 1));
        _store.Add(Requests("version=\"1\""), Each(0, change, _ => Lifetime));
        _store.Add(Requests("version=\"2\""), Each(change + 2, Minutes * 60, _ => Lifetime + 5));
        await CountsAsync(5, change + 10);
    }

    [Fact]
    public async Task Another_store_of_the_same_data_that_adds_labels_shows_the_same_counters()
    {
        await using var other = await SampleStore.StartAsync();
        var change = Seconds(40);
        foreach (var (store, label) in ((SampleStore, string)[])[(_store, ""), (other, "cluster=\"eu\"")])
        {
            Up(store, label);
            store.Add(Requests(label), Each(0, Minutes * 60, second => second < change ? Lifetime : Lifetime + 5));
        }

        await StartAsync(Seconds(10));
        _service.Config = Config(other, "");
        await ReloadAsync();
        await CountsAsync(5, change + 10);
    }

    [Fact]
    public async Task Other_matchers_show_the_same_counters()
    {
        var change = Seconds(40);
        foreach (var label in (string[])["zone=\"a\"", "zone=\"b\""])
        {
            Up(_store, label);
            _store.Add(Requests(label), Each(0, Minutes * 60, second => second < change ? Lifetime : Lifetime + 5));
        }

        _service.Config = Config(_store, "matchers: ['zone=\"a\"'], ");
        await StartAsync(Seconds(10));
        _service.Config = Config(_store, "matchers: ['zone=\"b\"'], ");
        await ReloadAsync();
        await CountsAsync(5, change + 10);
    }

    [Fact]
    public async Task Samples_of_two_replicas_in_one_series_are_no_restart_and_the_cause_is_told()
    {
        var at = Seconds(30);
        _store.Add(
            Requests(""),
            [
                .. Each(0, at, _ => Lifetime),
                At(at + 0.6, 78_191),
                At(at + 1.413, 78_192),
                At(at + 1.488, 78_191),
                .. Each(at + 4, Minutes * 60, _ => 78_198),
            ]);
        await CountsAsync(8, at + 16);
        Assert.Equal(1, await MetricAsync("egress_alerts_replica_inversions_total"));
        Assert.Contains("telemetry replica_inversions: 1 samples", _service.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sample_that_comes_late_counts_and_one_that_comes_too_late_is_counted_by_name()
    {
        var at = Seconds(30);
        _store.AddLate(Requests("code=\"in_time\""), _begin.AddSeconds(at + 8), At(at, 3), At(at + 2, 7));
        _store.AddLate(Requests("code=\"too_late\""), _begin.AddSeconds(at + 24), At(at, 20), At(at + 2, 40));
        await StartAsync(Seconds(10));
        // It shows after 24 s, the service looks every 50 s (five times prometheus.late), and the window after the look tells it.
        await Deadline.UntilAsync(
            async () => await MetricAsync("egress_alerts_excluded_total", "late") > 0, 120, $"the sample that came too late is told:\n{_service.Output}");
        Assert.Equal(40, await MetricAsync("egress_alerts_excluded_total", "late"));
        Assert.Equal(7, await CountedAsync());
    }

    [Fact]
    public async Task After_a_weekend_without_samples_the_same_proxies_count_what_they_grew_by()
    {
        const int Friday = -3 * 24 * 3600;
        _store.Add(Up(""), Each(Friday, Friday + 300, _ => 1));
        _store.Add(Requests(""), Each(Friday, Friday + 300, _ => Lifetime));
        var monday = Seconds(0);
        _store.Add(Requests(""), Each(monday, Minutes * 60, _ => Lifetime + 5));

        // The service runs on Friday and is then started again on Monday.
        _service.Environment["LD_PRELOAD"] = FakeTime;
        _service.Environment["FAKETIME"] = "-3d";
        _service.Environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
        await StartAsync(Friday + Seconds(10));
        await _service.StopAsync();
        _service.Environment.Clear();
        await CountsAsync(5, monday + 10);
        Assert.True(await MetricAsync("egress_alerts_windows_skipped_total") > 1000);
    }

    /// <summary>Debian's libfaketime, which moves the clock of the process that loads it.</summary>
    private static string FakeTime => Directory.GetDirectories("/usr/lib", "*-linux-gnu*")
        .Select(folder => Path.Combine(folder, "faketime", "libfaketime.so.1")).First(File.Exists);

    private static string Config(SampleStore store, string more) => $$"""
        prometheus: { url: '{{store.Address}}', {{more}}interval: 2s, delay: 1s, late: 10s, timeout: 5s, max_catch_up: 1m }
        dns: { servers: ['127.0.0.1:9'] }
        detection: { history: 0s }
        alerting: { alertmanagers: [] }
        """;

    private static string Up(string more) => $"up{{job=\"envoy\",instance=\"10.0.0.1:15090\",{more}}}";

    private static string Requests(string more) =>
        $"istio_requests_total{{job=\"envoy\",instance=\"10.0.0.1:15090\",{more}{(more.Length > 0 ? "," : "")}reporter=\"source\","
        + "source_workload=\"a\",source_workload_namespace=\"shop\",destination_service=\"10.9.9.9\",destination_service_name=\"PassthroughCluster\","
        + "request_protocol=\"http\",response_code=\"200\",response_flags=\"-\"}";

    private void Up(SampleStore store, string more) => store.Add(Up(more), Each(0, Minutes * 60, _ => 1));

    /// <summary>So many seconds from now, as the samples count them: from <see cref="_begin"/>, and even.</summary>
    private int Seconds(int fromNow) => ((int)(TimeProvider.System.GetUtcNow() - _begin).TotalSeconds + fromNow) / 2 * 2;

    private (DateTimeOffset At, double Value) At(double second, double value) => (_begin.AddSeconds(second), value);

    private IEnumerable<(DateTimeOffset At, double Value)> Each(int from, int until, Func<int, double> value)
    {
        for (var second = from; second <= until; second += 2) yield return At(second, value(second));
    }

    /// <summary>Starts the service and waits until it has read the windows up to a second, the baseline among them.</summary>
    private async Task StartAsync(int second)
    {
        await _service.StartAsync();
        await ReadsAsync(second);
    }

    private Task ReadsAsync(int second) => Deadline.UntilAsync(
        async () => await MetricAsync("egress_alerts_last_window_end_timestamp_seconds") >= _begin.AddSeconds(second).ToUnixTimeSeconds(),
        120,
        $"the window that ends at second {second} is read:\n{_service.Output}");

    private async Task CountsAsync(double expected, int second)
    {
        if (_service.Output.Length == 0 || _service.Process.HasExited) await StartAsync(second);
        else await ReadsAsync(second);
        Assert.Equal(expected, await CountedAsync());
    }

    private async Task ReloadAsync()
    {
        _service.WriteConfig();
        using var answer = await _service.PostAsync("-/reload");
        Assert.True(answer.IsSuccessStatusCode, _service.Output);
    }

    private Task<double> CountedAsync() => MetricAsync("egress_alerts_counted_total");

    private async Task<double> MetricAsync(string name, string reason = "") => (await _service.MetricsAsync())
        .Where(sample => sample.Name == name && sample["reason"] == reason && sample["metric"] is ("" or "requests")).Sum(sample => sample.Value);
}
