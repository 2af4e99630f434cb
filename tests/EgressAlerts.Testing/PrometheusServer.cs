using System.Globalization;
using System.Text.Json;

namespace EgressAlerts.Testing;

/// <summary>Whose query API it is.</summary>
public enum Engine
{
    Prometheus,

    /// <summary>As it comes, but for the labels: its default of 30 a series drops some of Istio's.</summary>
    VictoriaMetrics,
}

/// <summary>A real Prometheus on loopback, or a real VictoriaMetrics in its place.</summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _process;

    private readonly Engine _engine;

    private string _config;

    private PrometheusServer(int port, Engine engine) => (Address, _engine, _config) = (new Uri($"http://127.0.0.1:{port}"), engine, _folder.File("prometheus.yml"));

    public Uri Address { get; }

    /// <param name="scrapeInterval">As Prometheus writes it.</param>
    /// <param name="targets">Job name and address of what it scrapes; labels in the exposition win over its own.</param>
    public static Task<PrometheusServer> StartAsync(string scrapeInterval, params (string Job, Uri Address)[] targets) => StartAsync(Engine.Prometheus, scrapeInterval, targets);

    /// <inheritdoc cref="StartAsync(string, ValueTuple{string, Uri}[])"/>
    public static Task<PrometheusServer> StartAsync(Engine engine, string scrapeInterval, params (string Job, Uri Address)[] targets) =>
        StartAsync(engine, "", scrapeInterval, targets);

    /// <summary>One of several that scrape the same targets, each at its own phase: Prometheus derives the phase from the external labels.</summary>
    /// <param name="replica">The value of the external label <c>replica</c>, which Prometheus does not show in its own answers.</param>
    public static Task<PrometheusServer> StartReplicaAsync(string replica, string scrapeInterval, params (string Job, Uri Address)[] targets) =>
        StartAsync(Engine.Prometheus, $", external_labels: {{replica: {replica}}}", scrapeInterval, targets);

    private static async Task<PrometheusServer> StartAsync(Engine engine, string global, string scrapeInterval, (string Job, Uri Address)[] targets)
    {
        var server = new PrometheusServer(FreePort.Next(), engine);
        var jobs = targets.Select(target =>
            $"  - {{job_name: {target.Job}, honor_labels: true, static_configs: [{{targets: ['{target.Address.Authority}']}}]}}\n");
        global = $"global: {{scrape_interval: {scrapeInterval}, scrape_timeout: {scrapeInterval}{global}}}\n";
        server._folder.Write("prometheus.yml", $"{global}scrape_configs:\n{string.Concat(jobs)}");
        await server.StartAsync();
        return server;
    }

    /// <summary>One whose configuration is somebody else's, who may change it and have it read again.</summary>
    public static async Task<PrometheusServer> OnAsync(string configFile, Engine engine = Engine.Prometheus)
    {
        var server = new PrometheusServer(FreePort.Next(), engine) { _config = configFile };
        await server.StartAsync();
        return server;
    }

    /// <summary>One that scrapes nothing and has the samples of a file of OpenMetrics text, which promtool makes blocks of.</summary>
    public static async Task<PrometheusServer> OnSamplesAsync(string file)
    {
        var server = new PrometheusServer(FreePort.Next(), Engine.Prometheus);
        server._folder.Write("prometheus.yml", "global: {}\n");

        // By default blocks are two hours long, and promtool reads the whole file for each.
        string[] arguments = ["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=168h", file, server._folder.File("data")];
        var (exit, output) = await Tool.RunAsync("promtool", arguments);
        if (exit != 0) throw new InvalidOperationException(output);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it, or starts it again on what it had stored.</summary>
    public async Task StartAsync()
    {
        var (program, arguments, ready) = _engine == Engine.Prometheus
            ? ("prometheus", (string[])[$"--config.file={_config}", $"--storage.tsdb.path={_folder.File("data")}", "--storage.tsdb.retention.time=1y", $"--web.listen-address={Address.Authority}", "--web.enable-lifecycle", "--log.level=warn"], "-/ready")
            : ("victoria-metrics", [$"-promscrape.config={_config}", $"-storageDataPath={_folder.File("data")}", $"-httpListenAddr={Address.Authority}", "-maxLabelsPerTimeseries=60", "-loggerLevel=WARN"], "health");
        _process = new ServerProcess(program, arguments, _folder.Path);
        await Deadline.UntilAsync(() => _process.IsReadyAsync(new Uri(Address, ready)), 30, $"{program} is ready");
    }

    /// <summary>Gives all targets another label from now on, as an edited relabel rule does.</summary>
    public async Task RelabelAsync(string name, string value)
    {
        var config = await File.ReadAllTextAsync(_config);
        await File.WriteAllTextAsync(_config, config.Replace("static_configs: [{targets", $"static_configs: [{{labels: {{{name}: '{value}'}}, targets", StringComparison.Ordinal));
        using var answer = await Http.PostAsync(new Uri(Address, "-/reload"), null);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Stops it in the middle of what it does until <see cref="Thaw"/>; what it scrapes waits too.</summary>
    public void Freeze() => _process!.Freeze();

    public void Thaw() => _process!.Thaw();

    /// <summary>Loses all that it has stored, as with a disk; must be stopped.</summary>
    public void Wipe() => Directory.Delete(_folder.File("data"), recursive: true);

    public Task StopAsync() => _process!.StopAsync();

    /// <summary>The series of an instant query over a range: raw samples as stored, with times in seconds.</summary>
    public async Task<IReadOnlyList<(IReadOnlyDictionary<string, string> Labels, IReadOnlyList<(double Time, double Value)> Samples)>> QueryAsync(string query, DateTimeOffset? at = null)
    {
        var time = at is { } instant ? string.Create(CultureInfo.InvariantCulture, $"&time={instant.ToUnixTimeMilliseconds() / 1000.0:0.000}") : "";
        using var answer = JsonDocument.Parse(await Http.GetStringAsync(new Uri(Address, $"api/v1/query?query={Uri.EscapeDataString(query)}{time}")));
        return Series(answer.RootElement);
    }

    /// <summary>The series in an answer of the query API, with times in seconds.</summary>
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
