using System.Collections.Concurrent;
using System.Globalization;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>deploy/installation.md, typed as it stands there; only folders, ports and the resolver are this test's own.</summary>
[Collection(nameof(Builds))]
public sealed class InstallationTests : IDisposable
{
    private const string Baseline = "egress_alerts_baseline_window_end_timestamp_seconds";
    private const string Heading = "## Your own Prometheus";
    private static readonly string Guide = Repository.File("deploy", "installation.md");

    private static readonly SemaphoreSlim Building = new(1);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <remarks>Both readers begin at once, because most of their time is waiting for windows.</remarks>
    [Fact]
    public Task Whoever_follows_the_guide_is_alerted() => Task.WhenAll(FollowAsync(Engine.Prometheus), FollowAsync(Engine.VictoriaMetrics));

    [Fact]
    public async Task The_unit_for_systemd_starts_the_same_and_is_locked_in()
    {
        var unit = await File.ReadAllTextAsync(Repository.File("deploy", "egress-alerts.service"));
        var command = Markdown.Blocks(Guide, Heading)[2].Split('\n')[1];
        Assert.Contains($"\nExecStart={command}\n", unit, StringComparison.Ordinal);

        // Nothing that systemd does not know, once there is a program to start.
        var startable = _folder.Write("egress-alerts.service", unit.Replace(command, "/bin/true", StringComparison.Ordinal));
        Assert.Equal("", (await Tool.OutputAsync("systemd-analyze", ["verify", startable])).Trim());
        await Tool.OutputAsync("systemd-analyze", ["security", "--offline=yes", "--threshold=20", _folder.File("egress-alerts.service")]);
    }

    private static async Task FollowAsync(Engine engine)
    {
        using var folder = new TemporaryFolder();
        // What is there already: a mesh, a Prometheus that scrapes it, an Alertmanager that knows whom to tell.
        await using var mesh = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)));
        var told = new ConcurrentQueue<string>();
        await using var receiver = await NotificationReceiver.StartAsync(0, told.Enqueue);
        await using var alertmanager = await AlertmanagerServer.StartAsync(
            "route: {receiver: chat, group_by: [alertname], group_wait: 1s}\n"
            + $"receivers: [{{name: chat, slack_configs: [{{api_url: '{receiver.Urls.First()}/slack', channel: '#egress', "
            + "title: '{{ .GroupLabels.alertname }}', text: '{{ range .Alerts }}{{ .Annotations.description }} {{ end }}'}]}]\n");
        foreach (var name in (string[])["opt", "prometheus", "backups"]) Directory.CreateDirectory(folder.File(name));
        var prometheusConfig = folder.Write(
            "prometheus/prometheus.yml",
            $$"""
            global: {scrape_interval: 5s}
            scrape_configs:
              - {job_name: envoy-stats, honor_labels: true, static_configs: [{targets: ['{{mesh.Address.Authority}}']}]}

            """);
        await using var prometheus = await PrometheusServer.OnAsync(prometheusConfig, engine);
        var service = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        string Here(string text) => text
            .Replace("/opt/egress-alerts", folder.File("opt"), StringComparison.Ordinal)
            .Replace("/etc/prometheus", folder.File("prometheus"), StringComparison.Ordinal)
            .Replace("/var/lib/egress-alerts", folder.File("data"), StringComparison.Ordinal)
            .Replace("/var/backups", folder.File("backups"), StringComparison.Ordinal)
            .Replace("10.96.0.10", mesh.Dns.Endpoint.ToString(), StringComparison.Ordinal)
            .Replace("localhost:9090", prometheus.Address.Authority, StringComparison.Ordinal)
            .Replace("localhost:9093", alertmanager.Address.Authority, StringComparison.Ordinal)
            .Replace("localhost:10098", service.Authority, StringComparison.Ordinal)
            .Replace("127.0.0.1:10098", service.Authority, StringComparison.Ordinal);

        // The reader.
        var blocks = Markdown.Blocks(Guide, Heading).Select(Here).ToList();
        Assert.Equal(6, blocks.Count);
        var (build, config, start, scrape, reload, look) = (blocks[0], blocks[1], blocks[2].Split('\n'), blocks[3], blocks[4], blocks[5]);
        await BuildAsync(build);
        // The kinds of user differ by one line.
        var victoria = Markdown.Blocks(Guide, "## VictoriaMetrics, Mimir, Thanos")
            .First(block => block.Contains("//victoria:8428", StringComparison.Ordinal)).Split('\n')[0];
        if (engine == Engine.VictoriaMetrics)
        {
            var line = victoria.Replace("victoria:8428", prometheus.Address.Authority, StringComparison.Ordinal);
            config = config.Replace(config.Split('\n')[0], line, StringComparison.Ordinal);
        }

        folder.Write("opt/egress-alerts.yml", config);
        await TypeAsync(start[0]);
        Assert.StartsWith(folder.File("opt") + "/egress-alerts serve ", start[1], StringComparison.Ordinal);
        var storage = Markdown.Blocks(Repository.File("deploy", "operations.md"), "## Storage, upgrade, backup").Select(Here).ToList();
        Assert.Equal(3, storage.Count);
        var (query, backup, restore) = (storage[0], storage[1], storage[2]);
        Dictionary<string, double> shown;
        using (var running = new ServerProcess("bash", ["-c", "exec " + start[1]], Repository.Root))
        {
            await Deadline.UntilAsync(() => running.IsReadyAsync(new Uri(service, "-/ready")), 30, "the service is ready");
            // Rules in front, which are vmalert's with VictoriaMetrics; the job at the end, below the scrape_configs that are there.
            var parts = scrape.Split("\nscrape_configs:\n");
            var rules = engine == Engine.Prometheus ? parts[0] : "";
            await File.WriteAllTextAsync(prometheusConfig, $"{rules}\n{await File.ReadAllTextAsync(prometheusConfig)}{parts[1]}\n");
            await TypeAsync(reload);
            await Deadline.UntilAsync(
                () => Task.FromResult(told.Any(post => post.Contains("EgressBlocked", StringComparison.Ordinal))),
                240,
                $"{engine}: somebody is told of what was blocked: {string.Join('\n', told)}\n{running.Output}");
            using var browser = new HttpClient();
            var blocked = (await alertmanager.AlertAsync("EgressBlocked"))!;
            foreach (var link in (string[])[blocked.GeneratorUrl, blocked.Annotations["runbook_url"]])
                Assert.Contains("EgressBlocked", await browser.GetStringAsync(link), StringComparison.Ordinal);

            // Status, alerts, and what the last query shows once a scrape has delivered it.
            var seen = await Deadline.UntilAsync(
                async () => await TypeAsync(look) is var text && text.Contains("\"metric\":{\"destination\":", StringComparison.Ordinal) ? text : null,
                60,
                "the query shows who talks to what");
            Assert.Contains("EgressAlertsWatchdog", seen, StringComparison.Ordinal);

            // The database says whom workloads have talked to since this test began. It is in use meanwhile.
            var contact = (await TypeAsync(query)).Split('\n')[0].Split('|');
            var asked = TimeProvider.System.GetUtcNow();
            Assert.InRange(DateTimeOffset.Parse(contact[1], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal), asked.AddHours(-1), asked);
            shown = await CountersAsync(service);
            Assert.EndsWith("/egress-alerts.db: written\n", await TypeAsync(backup), StringComparison.Ordinal);
            File.Copy(folder.File("data/egress-alerts.db-wal"), folder.File("log-of-writes"));
            await running.StopAsync();
            Assert.Equal(0, running.ExitCode);
        }

        // The folder is lost, but for a log of writes that does not belong to the copy.
        var before = (await prometheus.QueryAsync($"last_over_time({Baseline}[10m])")).Single().Samples[0].Value;
        Directory.Delete(folder.File("data"), recursive: true);
        Directory.CreateDirectory(folder.File("data"));
        File.Move(folder.File("log-of-writes"), folder.File("data/egress-alerts.db-wal"));
        await TypeAsync(restore);
        using var again = new ServerProcess("bash", ["-c", "exec " + start[1]], Repository.Root);
        await Deadline.UntilAsync(() => again.IsReadyAsync(new Uri(service, "-/ready")), 30, "the service is ready again");
        using var http = new HttpClient();
        var baseline = await Deadline.UntilAsync(
            async () => (await http.GetStringAsync(new Uri(service, "metrics"))).Split('\n')
                .FirstOrDefault(line => line.StartsWith(Baseline + " ", StringComparison.Ordinal)),
            60,
            "it shows from when it has counted");
        Assert.Equal(before, double.Parse(baseline.Split(' ')[1], CultureInfo.InvariantCulture));
        var now = await CountersAsync(service);
        Assert.NotEmpty(shown);
        Assert.Equal([], shown.Where(counter => !(now.TryGetValue(counter.Key, out var value) && value >= counter.Value)));
        await again.StopAsync();
    }

    /// <summary>The exported counters of traffic, by name and labels.</summary>
    private static async Task<Dictionary<string, double>> CountersAsync(Uri service)
    {
        using var http = new HttpClient();
        return (await http.GetStringAsync(new Uri(service, "metrics"))).Split('\n')
            .Where(line => line.StartsWith("egress_upload_bytes_total{", StringComparison.Ordinal))
            .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    /// <summary>Two builds of one checkout would write the same files.</summary>
    private static async Task BuildAsync(string block)
    {
        await Building.WaitAsync();
        try
        {
            await TypeAsync(block);
        }
        finally
        {
            Building.Release();
        }
    }

    /// <summary>Runs the lines of a block in the checkout, as a shell does, and ends with the first that fails.</summary>
    private static Task<string> TypeAsync(string block) =>
        Tool.OutputAsync("bash", ["-e", "-c", $"cd {Repository.Root}; {block}"], limit: TimeSpan.FromMinutes(10));
}
