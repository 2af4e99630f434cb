using System.Net.Http.Json;
using System.Text.Json;

namespace EgressAlerts.Testing;

/// <summary>An alert as Alertmanager holds it.</summary>
public sealed record HeldAlert(
    string Fingerprint,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyDictionary<string, string> Annotations,
    DateTimeOffset StartsAt,
    DateTimeOffset EndsAt,
    DateTimeOffset UpdatedAt,
    string GeneratorUrl);

/// <summary>A real Alertmanager on loopback, without cluster.</summary>
public sealed class AlertmanagerServer : IAsyncDisposable
{
    private const string NoReceiver = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";
    private static readonly HttpClient Http = new();

    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _process;

    private AlertmanagerServer(int port) => Address = new Uri($"http://127.0.0.1:{port}");

    public Uri Address { get; }

    /// <param name="files">Beside the configuration, by name, such as templates.</param>
    public static async Task<AlertmanagerServer> StartAsync(string config = NoReceiver, params IReadOnlyList<(string Name, string Text)> files)
    {
        var server = new AlertmanagerServer(FreePort.Next());
        server._folder.Write("alertmanager.yml", config);
        foreach (var (name, text) in files) server._folder.Write(name, text);
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        _process = new ServerProcess(
            "prometheus-alertmanager",
            [
                $"--config.file={_folder.File("alertmanager.yml")}", $"--storage.path={_folder.File("data")}", $"--web.listen-address={Address.Authority}",
                "--cluster.listen-address=", "--log.level=warn",
            ],
            _folder.Path);
        await _process.UntilReadyAsync(new Uri(Address, "-/ready"));
    }

    public Task StopAsync() => _process!.StopAsync();

    public Task KillAsync() => _process!.KillAsync();

    /// <summary>Makes it a black hole until <see cref="Thaw"/>.</summary>
    public void Freeze() => _process!.Freeze();

    public void Thaw() => _process!.Thaw();

    /// <summary>The alerts of that name that fire; Alertmanager does not list resolved ones.</summary>
    public async Task<IReadOnlyList<HeldAlert>> AlertsAsync(string alertName)
    {
        var filter = Uri.EscapeDataString($"alertname=\"{alertName}\"");
        var alerts = await Http.GetFromJsonAsync<List<HeldAlert>>(new Uri(Address, $"api/v2/alerts?filter={filter}"), JsonSerializerOptions.Web);
        return alerts!;
    }

    /// <summary>All alerts that fire and that no other alert holds back.</summary>
    public async Task<IReadOnlyList<HeldAlert>> NotInhibitedAsync() =>
        (await Http.GetFromJsonAsync<List<HeldAlert>>(new Uri(Address, "api/v2/alerts?inhibited=false"), JsonSerializerOptions.Web))!;

    /// <summary>The first alert of that name, or null.</summary>
    public async Task<HeldAlert?> AlertAsync(string alertName) => await AlertsAsync(alertName) is [var first, ..] ? first : null;

    /// <summary>How many alerts it was sent since it was started, as it counts them itself.</summary>
    /// <param name="status"><c>firing</c> or <c>resolved</c>.</param>
    public async Task<double> ReceivedAsync(string status) => PromSample.Parse(await Http.GetStringAsync(new Uri(Address, "metrics")))
        .Where(sample => sample.Name == "alertmanager_alerts_received_total" && sample["status"] == status)
        .Sum(sample => sample.Value);

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
