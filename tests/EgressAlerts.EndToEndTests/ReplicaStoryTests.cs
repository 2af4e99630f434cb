using System.Globalization;
using System.Text.Json;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;
using Counter = (
    System.Collections.Generic.IReadOnlyDictionary<string, string> Labels,
    System.Collections.Generic.IReadOnlyList<(double Time, double Value)> Samples);

namespace EgressAlerts.EndToEndTests;

/// <summary>Two real Prometheus replicas scrape the same mesh, and a store stands before them as Thanos Query would.</summary>
public sealed class ReplicaStoryTests : IAsyncLifetime
{
    private const string Requests = "istio_requests_total[10m]";

    private static readonly HttpClient Http = new();

    private SimulatorServer _mesh = null!;
    private PrometheusServer _a = null!;
    private PrometheusServer _b = null!;
    private MergingProxy _store = null!;

    public async Task InitializeAsync()
    {
        _mesh = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)), seed: 42);
        _a = await PrometheusServer.StartReplicaAsync("a", "1s", ("envoy-stats", _mesh.Address));
        _b = await PrometheusServer.StartReplicaAsync("b", "1s", ("envoy-stats", _mesh.Address));
        _store = await MergingProxy.StartAsync(MergeMode.Duplicates, _a, _b);
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _b.DisposeAsync();
        await _a.DisposeAsync();
        await _mesh.DisposeAsync();
    }

    [Fact]
    public async Task A_store_before_two_replicas_shows_what_each_stored_and_the_ledger_knows_the_truth_of_both()
    {
        await Task.WhenAll(_a.UntilScrapedAsync(10), _b.UntilScrapedAsync(10));
        var end = TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(1.5);

        var both = await QueryAsync(Requests, end);
        Assert.Equal(Lines(await _a.QueryAsync(Requests, end)), Lines(both.Where(series => series.Labels["replica"] == "a")));
        Assert.Equal(Lines(await _b.QueryAsync(Requests, end)), Lines(both.Where(series => series.Labels["replica"] == "b")));
        Assert.Equal(2, (await QueryAsync("up", end, post: false)).Select(up => up.Labels["replica"]).Distinct().Count());
        // As the service asks which jobs are up: what is aggregated has no external label.
        Assert.Equal(["job"], Assert.Single(await QueryAsync("group by (job) (up)", end)).Labels.Keys);

        await ModesAsync(both, end);
        await LedgerAsync(both, end);
        await WarningsAsync(end);
    }

    /// <summary>Read without deduplication, what either replica stored counts once, with restarts among it. Where a busy machine delays scrapes,
    /// the next ones tell what a fall was, so a window may be complete a window later.</summary>
    [Fact]
    public async Task Without_deduplication_every_increment_that_either_replica_stored_counts_once_in_twenty_windows()
    {
        await using var service = await ServiceAsync(MergeMode.Duplicates);
        var books = new List<Ledger>();
        for (var window = 0; window < 20; window++)
        {
            books.Add(await NextAsync(service, books));
            None(books[^1].Phantoms);
            if (window >= 2) None(books[^1].Missing(books[^3]));
        }

        // Where nothing is judged at the moment, the sums are equal.
        var exact = await Deadline.UntilAsync(
            async () => await Ledger.OfAsync(service, [_a, _b], _mesh.World) is { Differences.Count: 0 } ledger ? ledger : null,
            60,
            "a window in which all is judged");
        Assert.True(exact.Truth.Values.Sum() > books[0].Truth.Values.Sum());
        Assert.Equal(0, await service.ValueAsync("egress_alerts_replica_inversions_total"));
        var warnings = (await service.GetAsync("api/v1/status")).GetProperty("telemetry").GetProperty("warnings").EnumerateArray().ToList();
        const string told = "They differ in replica (a, b). Each counter counts once";
        Assert.Contains(warnings, warning => warning.GetProperty("message").GetString()!.Contains(told, StringComparison.Ordinal));
    }

    /// <summary>A store that removes duplicates may hide what one replica alone saw. But nothing counts that did not happen.</summary>
    [Theory]
    [InlineData(MergeMode.Penalty)]
    [InlineData(MergeMode.Union)]
    public async Task However_a_store_deduplicates_nothing_is_counted_that_did_not_happen(MergeMode mode)
    {
        await using var service = await ServiceAsync(mode);
        var books = new List<Ledger>();
        for (var window = 0; window < 8; window++)
        {
            books.Add(await NextAsync(service, books));
            // The baseline may have been read from the replica that was behind: what happened in the scrape before it may count.
            var stored = await Ledger.StoredAsync([_a, _b], books[^1].WindowEnd);
            var baseline = await service.ValueAsync("egress_alerts_baseline_window_end_timestamp_seconds");
            var truth = Ledger.TruthBetween(_mesh.World, stored, baseline - 2, books[^1].WindowEnd.ToUnixTimeSeconds());
            None((books[^1] with { Truth = truth }).Phantoms);
        }

        var (counted, happened) = (books[^1].Exported.Values.Sum() + books[^1].Waiting.Values.Sum(), books[^1].Truth.Values.Sum());
        Assert.True(counted >= happened * 0.7, $"{counted} of {happened} were counted");
    }

    private static void None(IReadOnlyList<string> found) => Assert.True(found.Count == 0, string.Join('\n', found));

    private async Task<Ledger> NextAsync(EgressAlertsProcess service, List<Ledger> books) => await Deadline.UntilAsync(
        async () => await Ledger.OfAsync(service, [_a, _b], _mesh.World, after: books.LastOrDefault()?.WindowEnd ?? default) is { Truth.Count: > 10 } next
            ? next
            : null,
        60,
        $"another window:\n{service.Output}");

    /// <summary>Replicas of a mesh in which every restart can be told from growth, before the same store.</summary>
    private async Task<EgressAlertsProcess> ServiceAsync(MergeMode mode)
    {
        await DisposeAsync();
        _mesh = await SimulatorServer.StartAsync(Scenarios.Restarts(TimeSpan.FromMilliseconds(250)), seed: 42);
        _a = await PrometheusServer.StartReplicaAsync("a", "1s", ("envoy-stats", _mesh.Address));
        _b = await PrometheusServer.StartReplicaAsync("b", "1s", ("envoy-stats", _mesh.Address));
        _store = await MergingProxy.StartAsync(mode, _a, _b);
        await Task.WhenAll(_a.UntilScrapedAsync(10), _b.UntilScrapedAsync(10));
        var service = new EgressAlertsProcess($$"""
            prometheus: {url: '{{_store.Address}}', interval: 3s, delay: 2s, late: 9s, timeout: 5s}
            dns: { servers: ['{{_mesh.Dns.Endpoint}}'], timeout: 500ms, queries_per_second: 1000 }
            alerting: {alertmanagers: []}
            """);
        await service.StartAsync();
        return service;
    }

    private async Task ModesAsync(IReadOnlyList<Counter> both, DateTimeOffset end)
    {
        var counters = both.Select(Identity).Distinct().Count();
        Assert.InRange(counters, both.Count / 2, both.Count - 1);
        var samples = new Dictionary<MergeMode, int>();
        foreach (var mode in (MergeMode[])[MergeMode.Union, MergeMode.Chain, MergeMode.Penalty])
        {
            _store.Mode = mode;
            var merged = await QueryAsync(Requests, end);
            Assert.Equal(counters, merged.Count);
            Assert.All(merged, series => Assert.DoesNotContain("replica", series.Labels.Keys));
            Assert.Single(await QueryAsync("up", end));
            samples[mode] = merged.Sum(series => series.Samples.Count);
        }

        _store.Mode = MergeMode.Duplicates;
        var stored = both.Sum(series => series.Samples.Count);
        Assert.Equal(stored, samples[MergeMode.Union]);
        // One of each time: half of them where both replicas happen to scrape in the same milliseconds.
        Assert.InRange(samples[MergeMode.Chain], (stored + 1) / 2, stored);
        // Nearly all is from one replica.
        Assert.InRange(samples[MergeMode.Penalty], 1, stored * 2 / 3);
    }

    private async Task WarningsAsync(DateTimeOffset end)
    {
        Assert.False((await AnswerAsync(Requests, end)).TryGetProperty("warnings", out _));
        _store.Missing = "b";
        _store.Note = "results truncated due to limit";
        var answer = await AnswerAsync(Requests, end);
        Assert.NotEmpty(PrometheusServer.Series(answer));
        Assert.All(PrometheusServer.Series(answer), series => Assert.Equal("a", series.Labels["replica"]));
        Assert.Equal(2, answer.GetProperty("warnings").GetArrayLength());
        Assert.StartsWith("fetch series for {replica=\"b\"} Addr: ", answer.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal(_store.Note, answer.GetProperty("warnings")[1].GetString());
        (_store.Missing, _store.Note) = (null, null);

        // A query that the replicas refuse is refused.
        Assert.Equal("bad_data", (await AnswerAsync("up[", end)).GetProperty("errorType").GetString());

        // A replica that is down is missing too.
        await _a.StopAsync();
        answer = await AnswerAsync(Requests, end);
        Assert.All(PrometheusServer.Series(answer), series => Assert.Equal("b", series.Labels["replica"]));
        Assert.NotEmpty(PrometheusServer.Series(answer));
        Assert.Contains("{replica=\"a\"}", Assert.Single(answer.GetProperty("warnings").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    /// <summary>Adds up passed-through requests by another way than the ledger: from the stored samples, and the scrape that each is from.</summary>
    private async Task LedgerAsync(IReadOnlyList<Counter> both, DateTimeOffset end)
    {
        var stored = await Ledger.StoredAsync([_a, _b], end);
        Assert.Equal(stored.Count, stored.Select(scrape => scrape.Number).Distinct().Count());
        double Truth(IReadOnlyList<(double Time, int Number)> scrapes) =>
            Ledger.TruthBetween(_mesh.World, scrapes, 0, end.ToUnixTimeMilliseconds() / 1000.0)
                .Where(sum => sum.Key is { Route: "passthrough", Metric: "requests" }).Sum(sum => sum.Value);

        // A replica's samples of one scrape all have its time.
        var numbers = (await QueryAsync("mesh_simulator_scrape_number[10m]", end))
            .SelectMany(series => series.Samples.Select(sample => (Replica: series.Labels["replica"], sample.Time, Number: (int)sample.Value)))
            .ToDictionary(scrape => (scrape.Replica, scrape.Time), scrape => scrape.Number);
        Assert.Equal(stored.Select(scrape => scrape.Number).Order(), numbers.Values.Order());
        var passthrough = both.Where(series => series.Labels["destination_service_name"] == "PassthroughCluster").ToList();
        Assert.NotEmpty(passthrough);
        double Growth(IEnumerable<Counter> counters) => counters.GroupBy(Identity)
            .Sum(same => Grown(same.SelectMany(series =>
                series.Samples.Select(sample => (numbers[(series.Labels["replica"], sample.Time)], sample.Value)))));

        var truth = Truth(stored);
        Assert.Equal(Growth(passthrough), truth);
        foreach (var (name, server) in ((string, PrometheusServer)[])[("a", _a), ("b", _b)])
        {
            var alone = Truth(await Ledger.StoredAsync([server], end));
            Assert.Equal(Growth(passthrough.Where(series => series.Labels["replica"] == name)), alone);
            // Each saw nearly everything, so the sum of both would be nearly twice the truth.
            Assert.InRange(alone, truth * 0.6, truth);
        }
    }

    private static double Grown(IEnumerable<(int Number, double Value)> samples)
    {
        var (sum, before) = (0.0, 0.0);
        foreach (var (_, value) in samples.OrderBy(sample => sample.Number))
        {
            sum += value < before ? value : value - before;
            before = value;
        }

        return sum;
    }

    private async Task<IReadOnlyList<Counter>> QueryAsync(string query, DateTimeOffset at, bool post = true) =>
        PrometheusServer.Series(await AnswerAsync(query, at, post));

    private async Task<JsonElement> AnswerAsync(string query, DateTimeOffset at, bool post = true)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["query"] = query,
            ["time"] = (at.ToUnixTimeMilliseconds() / 1000m).ToString(CultureInfo.InvariantCulture),
        });
        var address = new Uri(_store.Address, "api/v1/query");
        using var response = post ? await Http.PostAsync(address, form) : await Http.GetAsync(new Uri($"{address}?{await form.ReadAsStringAsync()}"));
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    private static string Identity(Counter series) =>
        string.Join(',', series.Labels.Where(label => label.Key != "replica").Select(label => $"{label.Key}={label.Value}")
            .Order(StringComparer.Ordinal));

    private static List<string> Lines(IEnumerable<Counter> answer) =>
        [.. answer.Select(series => $"{Identity(series)} {string.Join(' ', series.Samples)}").Order(StringComparer.Ordinal)];
}
