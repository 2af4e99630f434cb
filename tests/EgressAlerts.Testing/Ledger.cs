using System.Text.Json;
using EgressAlerts.MeshSimulator;

namespace EgressAlerts.Testing;

/// <summary>Compares what is exported with what really happened, at the end of one window, without tolerance.</summary>
/// <param name="Exported">Sums of the exported counters.</param>
/// <param name="Waiting">Sums of what is counted but waits: for a name, or in series that show 0 first.</param>
/// <param name="New">Of that, what is in series that show 0 first.</param>
/// <param name="Truth">What the simulator knows, for exactly the scrapes that Prometheus stored.</param>
public sealed record Ledger(
    DateTimeOffset WindowEnd,
    IReadOnlyDictionary<TruthKey, double> Exported,
    IReadOnlyDictionary<TruthKey, double> Waiting,
    IReadOnlyDictionary<TruthKey, double> New,
    IReadOnlyDictionary<TruthKey, double> Truth)
{
    private static readonly string[] Metrics = ["requests", "connections_opened", "connections_closed", "upload_bytes", "download_bytes"];

    /// <summary>Every difference, readable; empty when the books balance.</summary>
    public IReadOnlyList<string> Differences =>
    [
        .. Exported.Keys.Union(Waiting.Keys).Union(Truth.Keys).Where(key => Counted(key) != Truth.GetValueOrDefault(key)).Select(key => Text(key, Truth)),
    ];

    /// <summary>What was counted and did not happen.</summary>
    public IReadOnlyList<string> Phantoms =>
        [.. Exported.Keys.Union(Waiting.Keys).Where(key => Counted(key) > Truth.GetValueOrDefault(key)).Select(key => Text(key, Truth))];

    /// <summary>What had happened by the end of <paramref name="earlier"/> and is not counted yet.</summary>
    public IReadOnlyList<string> Missing(Ledger earlier) =>
        [.. earlier.Truth.Where(sum => Counted(sum.Key) < sum.Value).Select(sum => Text(sum.Key, earlier.Truth))];

    /// <summary>What had happened by the end of <paramref name="earlier"/> and still has no series.</summary>
    public IReadOnlyList<string> Overdue(Ledger earlier) =>
    [
        .. earlier.Truth.Where(sum => Exported.GetValueOrDefault(sum.Key) + New.GetValueOrDefault(sum.Key) < sum.Value)
            .Select(sum => $"{WindowEnd:HH:mm:ss} {sum.Key}: exported {Exported.GetValueOrDefault(sum.Key)} of {sum.Value} "
                + $"that had happened by {earlier.WindowEnd:HH:mm:ss}"),
    ];

    public double Counted(TruthKey key) => Exported.GetValueOrDefault(key) + Waiting.GetValueOrDefault(key);

    /// <summary>The books as of the service's last window. Null while there is none after the baseline, or where a new one came in between.</summary>
    /// <param name="after">Null as well while that window ends no later. To look again for a new window is cheap therefore.</param>
    public static Task<Ledger?> OfAsync(
        EgressAlertsProcess service, PrometheusServer prometheus, World world, string matchers = "", DateTimeOffset after = default) =>
        OfAsync(service, [prometheus], world, matchers, after);

    /// <inheritdoc cref="OfAsync(EgressAlertsProcess, PrometheusServer, World, string, DateTimeOffset)"/>
    /// <param name="replicas">The servers that scrape the mesh, each on its own. The truth is that of the scrapes that any of them stored.</param>
    public static Task<Ledger?> OfAsync(
        EgressAlertsProcess service, IReadOnlyList<PrometheusServer> replicas, World world, string matchers = "", DateTimeOffset after = default) =>
        OfAsync(service, after, [new(world, replicas) { Matchers = matchers }]);

    /// <inheritdoc cref="OfAsync(EgressAlertsProcess, PrometheusServer, World, string, DateTimeOffset)"/>
    /// <param name="meshes">The truth is the sum of theirs.</param>
    public static async Task<Ledger?> OfAsync(EgressAlertsProcess service, DateTimeOffset after, params IReadOnlyList<ScrapedMesh> meshes)
    {
        if (EndOf(await service.GetAsync("api/v1/waiting")) <= after) return null;
        var metrics = await service.MetricsAsync();
        var waiting = await service.GetAsync("api/v1/waiting");
        var baseline = Gauge(metrics, "egress_alerts_baseline_window_end_timestamp_seconds");
        var end = Gauge(metrics, "egress_alerts_last_window_end_timestamp_seconds");
        if (end is not { } last || baseline is not { } first || last <= first) return null;
        var windowEnd = DateTimeOffset.FromUnixTimeMilliseconds((long)(last * 1000));
        if (EndOf(waiting) != windowEnd) return null;

        var exported = new Dictionary<TruthKey, double>();
        foreach (var metric in Metrics)
        {
            foreach (var sample in metrics.Where(sample => sample.Name == $"egress_{metric}_total"))
                Add(exported, KeyOf(name => sample[name], metric), sample.Value);
        }

        var (held, fresh) = (new Dictionary<TruthKey, double>(), new Dictionary<TruthKey, double>());
        foreach (var entry in waiting.GetProperty("waiting").EnumerateArray())
        {
            string Text(string name) => entry.GetProperty(name).GetString()!;
            var key = KeyOf(Text, Text("metric"));
            var amount = entry.GetProperty("amount").GetDouble();
            Add(held, key, amount);
            if (Text("why") == "new") Add(fresh, key, amount);
        }

        var truth = new Dictionary<TruthKey, double>();
        foreach (var mesh in meshes)
        {
            var sums = TruthBetween(mesh.World, await StoredAsync(mesh.Servers, windowEnd, mesh.Matchers), first, last);
            foreach (var (key, amount) in sums) Add(truth, mesh.Cluster is { } cluster ? key with { Cluster = cluster } : key, amount);
        }

        return new(windowEnd, exported, held, fresh, truth.Where(sum => sum.Value != 0).ToDictionary());
    }

    /// <summary>The scrapes that any of the servers stored in the hour before <paramref name="end"/>, with their timestamps in Unix seconds.</summary>
    /// <remarks>Only the servers know that. A scrape can be shown and yet not be stored.</remarks>
    public static async Task<IReadOnlyList<(double Time, int Number)>> StoredAsync(
        IReadOnlyList<PrometheusServer> replicas, DateTimeOffset end, string matchers = "")
    {
        var answers = await Task.WhenAll(replicas.Select(replica => replica.QueryAsync($"mesh_simulator_scrape_number{{{matchers}}}[1h]", end)));
        // VictoriaMetrics answers NaN where a scrape failed: nothing was stored then.
        var samples = answers.SelectMany(answer => answer).SelectMany(series => series.Samples).Where(sample => !double.IsNaN(sample.Value));
        return [.. samples.Select(sample => (sample.Time, (int)sample.Value))];
    }

    /// <summary>By how much each sum grew between two instants (Unix seconds), as far as stored scrapes show it.</summary>
    /// <remarks>
    /// The growth up to an instant is that along all scrapes stored with a timestamp up to it, in the order of their numbers, whoever stored them.
    /// So an increment that two servers saw counts once. The truth is the growth up to <paramref name="last"/> without that up to <paramref name="first"/>.
    ///
    /// The order of numbers matters because a server stores the time at which its scrape began, and reads the values somewhat later.
    /// Of two servers, the one with the earlier timestamp can therefore hold the later state and the higher number.
    /// For example, A stores scrape 8 at 10.00 s and B stores scrape 7 at 10.01 s. At a window's end of 10.00 s all that scrape 8 shows has happened.
    /// Scrape 7 belongs to the next window and adds nothing to it, for a counter that did not restart between the two.
    /// </remarks>
    public static IReadOnlyDictionary<TruthKey, double> TruthBetween(
        World world, IReadOnlyList<(double Time, int Number)> stored, double first, double last)
    {
        IReadOnlyDictionary<TruthKey, double> GrowthUpTo(double time) =>
            world.Truth([], [.. stored.Where(scrape => scrape.Time <= time).Select(scrape => scrape.Number).Distinct()]);
        var before = GrowthUpTo(first);
        return GrowthUpTo(last).ToDictionary(sum => sum.Key, sum => sum.Value - before.GetValueOrDefault(sum.Key));
    }

    private string Text(TruthKey key, IReadOnlyDictionary<TruthKey, double> truth) =>
        $"{WindowEnd:HH:mm:ss} {key}: exported {Exported.GetValueOrDefault(key)} and waiting {Waiting.GetValueOrDefault(key)}, "
        + $"happened {truth.GetValueOrDefault(key)}";

    private static TruthKey KeyOf(Func<string, string> label, string metric) =>
        new(label("source_workload_namespace"), label("source_workload"), label("route"), metric, label("source_cluster"));

    private static DateTimeOffset EndOf(JsonElement waiting) =>
        waiting.GetProperty("window_end") is { ValueKind: JsonValueKind.String } end ? end.GetDateTimeOffset() : default;

    private static double? Gauge(IReadOnlyList<PromSample> metrics, string name) => metrics.FirstOrDefault(sample => sample.Name == name)?.Value;

    private static void Add(Dictionary<TruthKey, double> sums, TruthKey key, double amount) => sums[key] = sums.GetValueOrDefault(key) + amount;
}

/// <summary>A mesh, and the servers that scrape it, each on its own.</summary>
public sealed record ScrapedMesh(World World, IReadOnlyList<PrometheusServer> Servers)
{
    /// <summary>What selects the mesh's own samples there.</summary>
    public string Matchers { get; init; } = "";

    /// <summary>What the service calls its cluster; null where it takes Istio's word.</summary>
    public string? Cluster { get; init; }
}
