using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>What a server says beside its data: notes are shown, and a store that is away is waited for. Nothing is lost either way.</summary>
public sealed class AnswerNotesTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Begin = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60);

    private SampleStore _store = null!;
    private EgressAlertsProcess _service = null!;

    public async Task InitializeAsync()
    {
        _store = await SampleStore.StartAsync();
        // Three minutes of samples are there from the start. Queries see those up to the end of their window.
        _store.Add("up{job=\"envoy\"}", Each(_ => 1));
        _store.Add(Series("steady"), Each(second => 7 * second));
        _store.Add(Series("away"), Each(second => 3 * second));
        _service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{_store.Address}}', interval: 2s, delay: 0s, timeout: 5s }
            dns: { servers: ['127.0.0.1:9'] }
            detection: { history: 0s }
            alerting: { alertmanagers: [] }
            """);
    }

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task A_note_that_says_nothing_about_missing_data_is_shown_and_everything_counts()
    {
        _store.Warnings = ["Query samples processed (10500) exceeded the warning threshold (10000)"];
        _store.Infos = ["PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"up\" (1:6)"];
        await _service.StartAsync();
        await Deadline.UntilAsync(async () => (await BooksAsync()).Windows >= 3, 60, $"three windows are counted:\n{_service.Output}");
        var books = await BooksAsync();
        Assert.Equal(books.Happened(7 + 3), books.Counted);
        var status = await _service.GetAsync("api/v1/status");
        Assert.Equal("", await FailureAsync());
        Assert.Equal(_store.Warnings.Concat(_store.Infos).Order(), status.GetProperty("notes").EnumerateArray().Select(note => note.GetString()!).Order());
        Assert.Contains("notes; they are counted all the same", _service.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_window_waits_for_a_store_that_is_away_and_what_was_born_and_died_meanwhile_counts_too()
    {
        await _service.StartAsync();
        await Deadline.UntilAsync(async () => (await BooksAsync()).Windows >= 1, 60, $"windows are counted:\n{_service.Output}");

        // Thanos, asked for partial answers by an argument in prometheus.url or by a proxy.
        _store.Hidden = labels => labels.GetValueOrDefault("source_workload") is "away" or "short";
        _store.Warnings = ["receive series from Addr: 10.0.4.17:10901 MinTime: 0 MaxTime: 9: rpc error: code = Unavailable desc = EOF"];
        await Deadline.UntilAsync(async () => (await FailureAsync()).Contains(_store.Warnings[0], StringComparison.Ordinal), 30, "the outage is told");
        var stopped = await BooksAsync();
        var born = Begin.AddSeconds(Math.Floor((TimeProvider.System.GetUtcNow() - Begin).TotalSeconds));
        _store.Add(Series("short"), (born, 40), (born.AddSeconds(1), 41));
        await Deadline.UntilAsync(async () => await FailuresAsync() >= 5, 30, "the window has been tried several times");
        Assert.Equal(stopped.End, (await BooksAsync()).End);

        (_store.Hidden, _store.Warnings) = (null, []);
        await Deadline.UntilAsync(async () => (await BooksAsync()).End > born.AddSeconds(2), 60, $"the windows are caught up with:\n{_service.Output}");
        var books = await BooksAsync();
        Assert.Equal(books.Happened(7 + 3) + 41, books.Counted);
        Assert.Equal(0, await _service.ValueAsync("egress_alerts_windows_skipped_total"));
    }

    private static IEnumerable<(DateTimeOffset At, double Value)> Each(Func<int, double> value) =>
        Enumerable.Range(0, 240).Select(second => (Begin.AddSeconds(second), value(second)));

    private static string Series(string workload) =>
        $"istio_requests_total{{job=\"envoy\",pod=\"{workload}-1\",reporter=\"source\",source_workload=\"{workload}\",source_workload_namespace=\"shop\","
        + "destination_service=\"10.9.9.9\",destination_service_name=\"PassthroughCluster\",request_protocol=\"http\","
        + "response_code=\"200\",response_flags=\"-\"}";

    private async Task<string> FailureAsync() => (await _service.GetAsync("api/v1/status")).GetProperty("failure").GetString()!;

    private async Task<double> FailuresAsync() =>
        (await _service.MetricsAsync()).Single(sample => sample.Name == "egress_alerts_query_failures_total" && sample["reason"] == "partial").Value;

    private async Task<Books> BooksAsync()
    {
        var metrics = await _service.MetricsAsync();
        DateTimeOffset Instant(string name) => DateTimeOffset.FromUnixTimeSeconds((long)Sum($"egress_alerts_{name}_window_end_timestamp_seconds"));
        double Sum(string name) => metrics.Where(sample => sample.Name == name && (sample["metric"] is "" or "requests")).Sum(sample => sample.Value);
        return new(Instant("baseline"), Instant("last"), Sum("egress_alerts_counted_total"));
    }

    private sealed record Books(DateTimeOffset Baseline, DateTimeOffset End, double Counted)
    {
        public double Windows => (End - Baseline).TotalSeconds / 2;

        /// <summary>Samples lie on whole seconds, as windows do.</summary>
        public double Happened(double eachSecond) => eachSecond * (End - Baseline).TotalSeconds;
    }
}
