using System.Text.Json;

namespace EgressAlerts.Testing;

/// <summary>The built program as users run it, on loopback, with a folder of its own.</summary>
public sealed class EgressAlertsProcess : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private readonly TemporaryFolder _folder = new();
    private readonly int _port = FreePort.Next();
    private ServerProcess? _process;

    private readonly string _prefix;

    /// <param name="prefix">What all paths begin with, with a slash at its end.</param>
    public EgressAlertsProcess(string config, string prefix = "/") => (Config, _prefix) = (config, prefix);

    public Uri Address => new($"http://127.0.0.1:{_port}{_prefix}");

    /// <summary>The configuration file's text; written at each start and by <see cref="WriteConfig"/>.</summary>
    public string Config { get; set; }

    /// <summary>Environment variables of the process, beside those of the tests.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>Further arguments of the command line.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    public string Output => _process?.Output ?? "";

    public string StorageFolder => _folder.File("data");

    public ServerProcess Process => _process!;

    /// <summary>The program built beside the tests.</summary>
    public static string Program => Path.Combine(AppContext.BaseDirectory, "egress-alerts.dll");

    public async Task StartAsync()
    {
        WriteConfig();
        _process = new ServerProcess(
            "dotnet",
            [
                Program,
                "serve",
                $"--config.file={_folder.File("egress-alerts.yml")}",
                $"--web.listen-address=127.0.0.1:{_port}",
                $"--web.route-prefix={_prefix}",
                $"--storage.path={StorageFolder}",
                "--web.enable-lifecycle",
                .. Arguments,
            ],
            _folder.Path,
            Environment);
        await _process.UntilReadyAsync(new Uri(Address, "-/ready"));
    }

    public void WriteConfig() => _folder.Write("egress-alerts.yml", Config);

    public Task KillAsync() => _process!.KillAsync();

    public async Task<int> StopAsync()
    {
        await _process!.StopAsync();
        return _process.ExitCode;
    }

    public async Task<IReadOnlyList<PromSample>> MetricsAsync() => PromSample.Parse(await Http.GetStringAsync(new Uri(Address, "metrics")));

    /// <summary>The value of a metric that has one series.</summary>
    public async Task<double> ValueAsync(string name) => (await MetricsAsync()).Single(sample => sample.Name == name).Value;

    public async Task<JsonElement> GetAsync(string path)
    {
        using var answer = JsonDocument.Parse(await Http.GetStringAsync(new Uri(Address, path)));
        return answer.RootElement.Clone();
    }

    public Task<HttpResponseMessage> PostAsync(string path) => Http.PostAsync(new Uri(Address, path), null);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.KillAsync();
            _process.Dispose();
        }

        _folder.Dispose();
    }
}
