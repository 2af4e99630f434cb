using System.Globalization;
using System.Text.Json;

namespace EgressAlerts.Testing;

/// <summary>The program that scrapes, stores and answers queries.</summary>
public enum Engine
{
    Prometheus,

    /// <summary>VictoriaMetrics with its defaults, but with more labels a series: 30 are too few for Istio's metrics.</summary>
    VictoriaMetrics,
}

/// <summary>A real Prometheus on loopback, or a real VictoriaMetrics in its place.</summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _process;

    private readonly Engine _engine;
    private readonly int? _maxSamples;

    private string _config;

    private PrometheusServer(int port, Engine engine, int? maxSamples = null)
    {
        (Address, _engine, _maxSamples) = (new Uri($"http://127.0.0.1:{port}"), engine, maxSamples);
        _config = _folder.File("prometheus.yml");
    }

    public Uri Address { get; }

    /// <summary>The process id.</summary>
    public int Id => _process!.Id;

    /// <param name="scrapeInterval">A duration as Prometheus writes it, such as <c>1s</c>.</param>
    /// <param name="targets">The name and the address of each job. Labels in the exposition win over those of the job.</param>
    public static Task<PrometheusServer> StartAsync(string scrapeInterval, params (string Job, Uri Address)[] targets) =>
        StartAsync(Engine.Prometheus, scrapeInterval, targets);

    /// <inheritdoc cref="StartAsync(string, ValueTuple{string, Uri}[])"/>
    public static Task<PrometheusServer> StartAsync(Engine engine, string scrapeInterval, params (string Job, Uri Address)[] targets) =>
        StartAsync(engine, "", scrapeInterval, targets);

    /// <summary>Starts one of several servers that scrape the same targets, each at its own phase.</summary>
    /// <remarks>Prometheus derives the phase from the external labels.</remarks>
    /// <param name="replica">The value of the external label <c>replica</c>, which Prometheus does not show in its own answers.</param>
    public static Task<PrometheusServer> StartReplicaAsync(string replica, string scrapeInterval, params (string Job, Uri Address)[] targets) =>
        StartAsync(Engine.Prometheus, $", external_labels: {{replica: {replica}}}", scrapeInterval, targets);

    /// <summary>Starts a server that refuses every query which needs more than so many samples.</summary>
    public static Task<PrometheusServer> StartLimitedAsync(Engine engine, int maxSamples, string scrapeInterval, params (string Job, Uri Address)[] targets) =>
        StartAsync(engine, "", scrapeInterval, targets, maxSamples);

    private static async Task<PrometheusServer> StartAsync(
        Engine engine, string global, string scrapeInterval, (string Job, Uri Address)[] targets, int? maxSamples = null)
    {
        var server = new PrometheusServer(FreePort.Next(), engine, maxSamples);
        var jobs = targets.Select(target =>
            $"  - {{job_name: {target.Job}, honor_labels: true, metrics_path: '{target.Address.AbsolutePath}metrics', "
                + $"static_configs: [{{targets: ['{target.Address.Authority}']}}]}}\n");
        global = $"global: {{scrape_interval: {scrapeInterval}, scrape_timeout: {scrapeInterval}{global}}}\n";
        server._folder.Write("prometheus.yml", $"{global}scrape_configs:\n{string.Concat(jobs)}");
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts a server with a configuration file that the caller wrote, and may change.</summary>
    public static async Task<PrometheusServer> OnAsync(string configFile, Engine engine = Engine.Prometheus)
    {
        var server = new PrometheusServer(FreePort.Next(), engine) { _config = configFile };
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts a server that scrapes nothing and has the samples of a file of OpenMetrics text. promtool makes blocks of them.</summary>
    /// <param name="limit">How long promtool may take; null for two minutes.</param>
    /// <param name="config">What it is configured with.</param>
    public static async Task<PrometheusServer> OnSamplesAsync(string file, TimeSpan? limit = null, string config = "global: {}\n")
    {
        var server = new PrometheusServer(FreePort.Next(), Engine.Prometheus);
        server._folder.Write("prometheus.yml", config);

        // By default blocks are two hours long, and promtool reads the whole file for each.
        string[] arguments = ["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=168h", file, server._folder.File("data")];
        await Tool.OutputAsync("promtool", arguments, limit: limit);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts a VictoriaMetrics that scrapes nothing and has the samples of a file of text, with times in milliseconds.</summary>
    public static async Task<PrometheusServer> OnImportAsync(string file)
    {
        var server = new PrometheusServer(FreePort.Next(), Engine.VictoriaMetrics);
        server._folder.Write("prometheus.yml", "global: {}\n");
        await server.StartAsync();
        await using var samples = File.OpenRead(file);
        using var answer = await Http.PostAsync(new Uri(server.Address, "api/v1/import/prometheus"), new StreamContent(samples));
        answer.EnsureSuccessStatusCode();

        // Imported samples become visible a little later.
        using var flushed = await Http.GetAsync(new Uri(server.Address, "internal/force_flush"));
        flushed.EnsureSuccessStatusCode();
        return server;
    }

    /// <summary>Starts the server, or starts it again with the samples that it had stored.</summary>
    public async Task StartAsync()
    {
        string[] prometheus =
        [
            $"--config.file={_config}",
            $"--storage.tsdb.path={_folder.File("data")}",
            "--storage.tsdb.retention.time=1y",
            $"--web.listen-address={Address.Authority}",
            "--web.enable-lifecycle",
            "--log.level=warn",
            .. _maxSamples is { } most ? [$"--query.max-samples={most}"] : Array.Empty<string>(),
        ];
        string[] victoriaMetrics =
        [
            $"-promscrape.config={_config}",
            $"-storageDataPath={_folder.File("data")}",
            $"-httpListenAddr={Address.Authority}",
            "-maxLabelsPerTimeseries=60",
            "-retentionPeriod=12",
            "-loggerLevel=WARN",
            .. _maxSamples is { } limit ? [$"-search.maxSamplesPerQuery={limit}"] : Array.Empty<string>(),
        ];
        var (program, arguments, ready) =
            _engine == Engine.Prometheus ? ("prometheus", prometheus, "-/ready") : ("victoria-metrics", victoriaMetrics, "health");
        _process = new ServerProcess(program, arguments, _folder.Path);
        await _process.UntilReadyAsync(new Uri(Address, ready));
    }

    /// <summary>Waits until the targets have been scraped for a while.</summary>
    /// <param name="samples">How many samples of <c>up</c> the last minute must have.</param>
    public Task UntilScrapedAsync(int samples = 8) => Deadline.UntilAsync(
        async () => (await QueryAsync("up[1m]")).Any(up => up.Samples.Count >= samples), 90, $"a job has been scraped {samples} times");

    /// <summary>Gives all targets another label from now on, as an edited relabel rule does.</summary>
    public async Task RelabelAsync(string name, string value)
    {
        var config = await File.ReadAllTextAsync(_config);
        var labels = $"labels: {{{name}: '{value}'}}";
        config = config.Replace("static_configs: [{targets", $"static_configs: [{{{labels}, targets", StringComparison.Ordinal);
        await File.WriteAllTextAsync(_config, config);
        using var answer = await Http.PostAsync(new Uri(Address, "-/reload"), null);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Stops the process in the middle of its work until <see cref="Thaw"/>. It does not scrape either.</summary>
    public void Freeze() => _process!.Freeze();

    public void Thaw() => _process!.Thaw();

    /// <summary>Deletes everything that it has stored, as if the disk were lost. The server must be stopped.</summary>
    public void Wipe() => Directory.Delete(_folder.File("data"), recursive: true);

    public Task StopAsync() => _process!.StopAsync();

    /// <summary>Asks an instant query. A range gives raw samples as they are stored, with times in Unix seconds.</summary>
    public async Task<IReadOnlyList<(IReadOnlyDictionary<string, string> Labels, IReadOnlyList<(double Time, double Value)> Samples)>> QueryAsync(
        string query, DateTimeOffset? at = null)
    {
        var time = at is { } instant ? string.Create(CultureInfo.InvariantCulture, $"&time={instant.ToUnixTimeMilliseconds() / 1000.0:0.000}") : "";
        using var answer = JsonDocument.Parse(await Http.GetStringAsync(new Uri(Address, $"api/v1/query?query={Uri.EscapeDataString(query)}{time}")));
        return Series(answer.RootElement);
    }

    /// <summary>Reads the series in an answer of the query API, with times in Unix seconds.</summary>
    public static IReadOnlyList<(IReadOnlyDictionary<string, string> Labels, IReadOnlyList<(double Time, double Value)> Samples)> Series(JsonElement answer) =>
    [
        .. answer.GetProperty("data").GetProperty("result").EnumerateArray().Select(series => (
            (IReadOnlyDictionary<string, string>)series.GetProperty("metric").EnumerateObject()
                .ToDictionary(label => label.Name, label => label.Value.GetString()!),
            (IReadOnlyList<(double, double)>)[.. Samples(series)])),
    ];

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.KillAsync();
            _process.Dispose();
        }

        _folder.Dispose();
    }

    private static IEnumerable<(double Time, double Value)> Samples(JsonElement series)
    {
        var samples = series.TryGetProperty("values", out var values) ? values.EnumerateArray() : Enumerable.Repeat(series.GetProperty("value"), 1);
        return samples.Select(sample => (sample[0].GetDouble(), double.Parse(sample[1].GetString()!, CultureInfo.InvariantCulture)));
    }
}
