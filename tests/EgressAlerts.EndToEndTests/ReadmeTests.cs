using System.Text.RegularExpressions;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>Every command in every document is run: here, in a test that is named here, or in CI; or it says here why not.</summary>
public sealed partial class ReadmeTests : IDisposable
{
    private const string Here = "here";

    /// <summary>By how a command begins: where it is run. The first that fits counts.</summary>
    private static readonly (string Begins, string Where)[] Runs =
    [
        ("deploy/demo/run", ".ci/run"),
        ("tests/run --fast", "the first project of tests/run"),
        ("tests/run", ".ci/run"),
        (
            "dotnet run -c Release --project tests/EgressAlerts.Benchmarks",
            ".ci/run, small, by tests/EgressAlerts.Benchmarks/smoke, which reads them from there"),
        ("dotnet run -c Release --project tests/EgressAlerts.Exam", "nowhere: it takes hours; ExamTests plays the beginning of it"),
        ("dotnet run --project tests/EgressAlerts.MeshSimulator", nameof(The_simulator_by_hand)),
        ("dotnet publish src/EgressAlerts -c Release /t:PublishContainer", nameof(ContainerTests)),
        ("kubectl kustomize my-egress-alerts", nameof(ClusterInstallationTests)),
        ("/opt/egress-alerts/egress-alerts", nameof(InstallationTests)),
        ("dotnet publish src/EgressAlerts -c Release -o /opt", nameof(InstallationTests)),
        ("mkdir -p /etc/prometheus", nameof(InstallationTests)),
        ("sqlite3 -readonly /var/lib/egress-alerts", nameof(InstallationTests)),
        ("rm -f /var/lib/egress-alerts", nameof(InstallationTests)),
        ("cp /var/backups", nameof(InstallationTests)),
        ("promtool check config /etc/prometheus", nameof(InstallationTests)),
        ("curl -sf", nameof(InstallationTests)),
        ("egress-alerts propose", nameof(DoorStoryTests)), ("egress-alerts replay", nameof(DoorStoryTests)),
        ("egress-alerts ", nameof(CommandLineTests)),
        ("amtool silence", nameof(Silences_to_copy_are_good)),
        ("promtool test rules", "ShippedFilesTests: it takes a quarter of a minute of CPU, so once is enough"),
        ("promtool ", Here), ("amtool ", Here), ("vmalert ", Here),
        ("apt-get install -y --no-install-recommends dnsperf", "deploy/demo/need, from tests/EgressAlerts.Benchmarks/smoke"),
        ("docker ", "nowhere: there is no container engine; ContainerTests does its steps"),
        ("helm template egress-alerts deploy/helm/egress-alerts", nameof(ClusterInstallationTests)),
        ("helm upgrade", "nowhere: there is no cluster; HelmTests renders the chart"),
        ("kubectl label namespace", "likewise"),
        ("kubectl apply", "nowhere: there is no cluster; ManifestTests holds what is applied against the schemas"),
        ("kubectl delete", "likewise; DoorStoryTests sees that the file is there"),
        ("kubectl get serviceentry", "likewise; MeshRegistryTests reads such output"),
        ("kubectl -n istio-system", "nowhere: Istio 1.3 needs a cluster; IstioFilesTests reads its files"),
        ("for instance in", "likewise"), ("done", "likewise"),
        ("kubectl -n \"$NS\"", "nowhere: there is no cluster with a pod to look at"), ("kubectl debug node", "likewise"), ("sha256sum", "likewise"),
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_command_is_run_somewhere()
    {
        var commands = Commands().ToList();
        Assert.True(commands.Count > 30, "commands are found at all");
        Assert.Equal([], commands.Where(command => Where(command) is null));
        Assert.Equal([], Runs.Where(run => !commands.Exists(command => command.StartsWith(run.Begins, StringComparison.Ordinal))).Select(run => run.Begins));
    }

    [Fact]
    public async Task Checks_that_need_nothing_but_the_checkout_succeed()
    {
        foreach (var command in Commands().Where(command => Where(command) == Here))
            await Tool.OutputAsync("bash", ["-c", $"cd {Repository.Root}; {command}"]);
    }

    [Fact]
    public async Task The_simulator_by_hand()
    {
        var command = Commands().Single(command => command.StartsWith("dotnet run --project tests/EgressAlerts.MeshSimulator", StringComparison.Ordinal));
        var (port, dns) = (FreePort.Next(), FreePort.Next());
        var arguments = command.Split(" -- ")[1].Replace("15090", $"{port}", StringComparison.Ordinal).Replace("15053", $"{dns}", StringComparison.Ordinal);
        using var simulator = new ServerProcess(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "mesh-simulator.dll"), .. arguments.Split(' ')],
            _folder.Path);
        await Deadline.UntilAsync(() => simulator.IsReadyAsync(new Uri($"http://127.0.0.1:{port}/metrics")), 30, "it shows metrics");
    }

    [Fact]
    public async Task Silences_to_copy_are_good()
    {
        await using var alertmanager = await AlertmanagerServer.StartAsync("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
        var commands = Commands().Where(command => command.StartsWith("amtool silence", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(commands);
        foreach (var command in commands)
            await Tool.OutputAsync("bash", ["-c", command.Replace("localhost:9093", alertmanager.Address.Authority, StringComparison.Ordinal)]);
    }

    [Fact]
    public async Task Scrapes_to_copy_are_good()
    {
        var scrapes = Guides().SelectMany(file => Markdown.Blocks(file)).Where(block => block.Contains("scrape_configs:\n", StringComparison.Ordinal)).ToList();
        Assert.True(scrapes.Count >= 2, "they are found");
        foreach (var scrape in scrapes)
        {
            // Debian builds promtool without Kubernetes; the rest of such a job is judged.
            var config = _folder.Write("prometheus.yml", DiscoveryPattern().Replace(scrape, "static_configs: []") + "\n");
            await Tool.OutputAsync("promtool", ["check", "config", "--syntax-only", config]);
        }
    }

    private static string? Where(string command) => Array.Find(Runs, run => command.StartsWith(run.Begins, StringComparison.Ordinal)).Where;

    private static IEnumerable<string> Commands() => Guides().SelectMany(file => Markdown.Blocks(file))
        .Where(block => !AlertPattern().IsMatch(block))
        .SelectMany(block => block.Split('\n')).Select(line => CommentPattern().Replace(line.Trim(), "")).Where(line => CommandPattern().IsMatch(line));

    /// <summary>All but the runbooks, which have placeholders, and the list of changes.</summary>
    private static IEnumerable<string> Guides() =>
        Markdown.Documents.Where(file => !file.Contains("/runbooks/", StringComparison.Ordinal) && Path.GetFileName(file) != "CHANGELOG.md");

    // What a shell is given, as against configuration, queries and pictures.
    [GeneratedRegex(@"^(/?[a-z][\w.-]*/[\w./-]+|[a-z][\w-]*)( [^:={(]|$)(?!.*(->| by ))")]
    private static partial Regex CommandPattern();

    /// <summary>An alert as it arrives.</summary>
    [GeneratedRegex(@"^\[(critical|warning|info)\] ")]
    private static partial Regex AlertPattern();

    [GeneratedRegex("kubernetes_sd_configs: .*")]
    private static partial Regex DiscoveryPattern();

    [GeneratedRegex(@" +#.*$")]
    private static partial Regex CommentPattern();
}
