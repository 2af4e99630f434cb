using EgressAlerts.MeshSimulator;

namespace EgressAlerts.Testing;

/// <summary>Compares what is exported with what really happened, at the end of one window, without tolerance.</summary>
/// <param name="Exported">Sums of the exported counters.</param>
/// <param name="Waiting">Sums of what is counted but waits: for a name, or in series that show 0 first.</param>
/// <param name="New">Of that, what is in series that show 0 first.</param>
/// <param name="Truth">What the simulator knows, for exactly the scrapes that Prometheus stored.</param>
public sealed record Ledger(
    DateTimeOffset WindowEnd, IReadOnlyDictionary<TruthKey, double> Exported, IReadOnlyDictionary<TruthKey, double> Waiting, IReadOnlyDictionary<TruthKey, double> New,
    IReadOnlyDictionary<TruthKey, double> Truth)
{
    private static readonly string[] Metrics = ["requests", "connections_opened", "connections_closed", "upload_bytes", "download_bytes"];

    /// <summary>Every difference, readable; empty when the books balance.</summary>
    public IReadOnlyList<string> Differences =>
    [
        .. Exported.Keys.Union(Waiting.Keys).Union(Truth.Keys)
            .Where(key => Exported.GetValueOrDefault(key) + Waiting.GetValueOrDefault(key) != Truth.GetValueOrDefault(key))
            .Select(key => $"{WindowEnd:HH:mm:ss} {key}: exported {Exported.GetValueOrDefault(key)} and waiting {Waiting.GetValueOrDefault(key)}, happened {Truth.GetValueOrDefault(key)}"),
    ];

    /// <summary>What had happened by the end of <paramref name="earlier"/> and still has no series.</summary>
    public IReadOnlyList<string> Overdue(Ledger earlier) =>
    [
        .. earlier.Truth.Where(sum => Exported.GetValueOrDefault(sum.Key) + New.GetValueOrDefault(sum.Key) < sum.Value)
            .Select(sum => $"{WindowEnd:HH:mm:ss} {sum.Key}: exported {Exported.GetValueOrDefault(sum.Key)} of {sum.Value} that had happened by {earlier.WindowEnd:HH:mm:ss}"),
    ];

    /// <summary>The books as of the service's last window, or null while there is none after the baseline, or where a new one came in between.</summary>
    public static async Task<Ledger?> OfAsync(EgressAlertsProcess service, PrometheusServer prometheus, World world, string matchers = "")
    {
        var metrics = await service.MetricsAsync();
        var waiting = await service.GetAsync("api/v1/waiting");
        var (baseline, end) = (Gauge(metrics, "egress_alerts_baseline_window_end_timestamp_seconds"), Gauge(metrics, "egress_alerts_last_window_end_timestamp_seconds"));
        if (end is not { } last || baseline is not { } first || last <= first) return null;
        var windowEnd = DateTimeOffset.FromUnixTimeMilliseconds((long)(last * 1000));
        if (waiting.GetProperty("window_end").GetDateTimeOffset() != windowEnd) return null;

        var exported = new Dictionary<TruthKey, double>();
        foreach (var metric in Metrics)
        {
            foreach (var sample in metrics.Where(sample => sample.Name == $"egress_{metric}_total"))
                Add(exported, new(sample["source_workload_namespace"], sample["source_workload"], sample["route"], metric), sample.Value);
        }

        var (held, fresh) = (new Dictionary<TruthKey, double>(), new Dictionary<TruthKey, double>());
        foreach (var entry in waiting.GetProperty("waiting").EnumerateArray())
        {
            string Text(string name) => entry.GetProperty(name).GetString()!;
            var (key, amount) = (new TruthKey(Text("source_workload_namespace"), Text("source_workload"), Text("route"), Text("metric")), entry.GetProperty("amount").GetDouble());
            Add(held, key, amount);
            if (Text("why") == "new") Add(fresh, key, amount);
        }

        // Which scrapes were stored, and when, only Prometheus knows.
        var stored = (await prometheus.QueryAsync($"mesh_simulator_scrape_number{{{matchers}}}[1h]", windowEnd)).SelectMany(series => series.Samples).ToList();
        var truth = world.Truth(
            [.. stored.Where(sample => sample.Time <= first).Select(sample => (int)sample.Value)],
            [.. stored.Where(sample => sample.Time > first && sample.Time <= last).Select(sample => (int)sample.Value)]);
        return new(windowEnd, exported, held, fresh, truth.Where(sum => sum.Value != 0).ToDictionary());
    }

    private static double? Gauge(IReadOnlyList<PromSample> metrics, string name) => metrics.FirstOrDefault(sample => sample.Name == name)?.Value;

    private static void Add(Dictionary<TruthKey, double> sums, TruthKey key, double amount) => sums[key] = sums.GetValueOrDefault(key) + amount;
}
