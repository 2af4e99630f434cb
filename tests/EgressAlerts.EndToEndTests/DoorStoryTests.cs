using System.Globalization;
using System.Text.Json;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>Two weeks of a shop that is to be closed, in a real Prometheus and in a real VictoriaMetrics. The built program proposes what to register, and says
/// what would have been refused.</summary>
public sealed class DoorStoryTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly WeeksOfEgress _weeks = new(TimeProvider.System.GetUtcNow().AddMinutes(20));
    private readonly List<PrometheusServer> _servers = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(Engine.Prometheus)]
    [InlineData(Engine.VictoriaMetrics)]
    public async Task What_is_proposed_lets_everything_through_that_was_wanted_and_without_one_entry_exactly_that_flow_is_refused(Engine engine)
    {
        var server = await ServerAsync(engine);
        var config = $"--config.file={Config(server, Forbidden)}";

        // Twice the same bytes.
        var proposed = await OutputAsync(0, "propose", config, "--namespace=shop");
        Assert.Equal(proposed, await OutputAsync(0, "propose", config, "--namespace=shop"));
        Assert.Contains("did not start in this time, so what they call at a start was not seen: shop/report.", proposed, StringComparison.Ordinal);
        Assert.Contains("# - shop: update.example.org (443/tcp):", proposed, StringComparison.Ordinal);
        Assert.Contains("Only the client says this name.", proposed, StringComparison.Ordinal);
        Assert.Contains("    - 198.51.100.0/28", proposed, StringComparison.Ordinal);
        Assert.DoesNotContain("- update.example.org", proposed, StringComparison.Ordinal);
        Assert.DoesNotContain("cdn.example.edu", proposed, StringComparison.Ordinal);

        // All of it is wanted but what a policy forbids.
        var bundle = _folder.Write("bundle.yaml", proposed);
        var report = await ReportAsync(0, config, $"-f={bundle}", "--namespace=shop");
        Assert.Empty(Rows(report, "refused"));
        Assert.Empty(Rows(report, "unknown"));
        Assert.Equal(["update.example.org"], Rows(report, "forbidden").Select(Destination));
        Assert.Equal(["pastebin.example.org"], Rows(report, "still_blocked").Select(Destination));
        Assert.Equal(1, report.GetProperty("share").GetDouble());
        Assert.Equal(["shop/report"], report.GetProperty("not_restarted").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal([$"{_weeks.Hole:yyyy-MM-dd}"], report.GetProperty("days_without_data").EnumerateArray().Select(day => day.GetString()!));
        await AssertTotalsAsync(server, report);

        // Without one of the entries, only its flow.
        var documents = proposed.Split("---\n").Where(document => !document.Contains("hooks.slack.example.com", StringComparison.Ordinal));
        var shorter = _folder.Write("shorter.yaml", string.Join("---\n", documents));
        report = await ReportAsync(1, config, $"-f={shorter}", "--namespace=shop");
        var refused = Assert.Single(Rows(report, "refused"));
        Assert.Equal("hooks.slack.example.com", Destination(refused));
        Assert.Equal(["checkout"], refused.GetProperty("workloads").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(refused.GetProperty("connections").GetDouble(), report.GetProperty("sums").GetProperty("refused").GetProperty("opened").GetDouble());

        // And without a policy that forbids it, what nobody vouches for breaks.
        report = await ReportAsync(1, $"--config.file={Config(server, "")}", $"-f={bundle}", "--namespace=shop");
        Assert.Equal(["update.example.org"], Rows(report, "refused").Select(Destination));
    }

    [Fact]
    public async Task Every_command_of_the_guide_does_what_the_guide_says()
    {
        var server = await ServerAsync(Engine.Prometheus);
        var config = _folder.Write("egress-alerts.yml", WeeksOfEgress.Config(server.Address));
        var (exitCodes, applied) = (new List<int>(), new List<string>());
        foreach (var line in Markdown.Blocks(Repository.File("deploy", "closing-the-door.md")).SelectMany(block => block.Split('\n')))
        {
            // The policies of the guide are in the configuration from where the guide has them.
            if (line == "policies:" && exitCodes.Count == 3) File.AppendAllText(config, $"\n{Policies.First()}\n");
            if (line.StartsWith("kubectl ", StringComparison.Ordinal) && line.Contains(" -f ", StringComparison.Ordinal)) applied.Add(line.Split(' ')[^1]);
            if (line.StartsWith("egress-alerts ", StringComparison.Ordinal)) exitCodes.Add(await TypeAsync(line));
        }

        // See, propose, accept, propose a wildcard, replay, and the same in ambient mode.
        Assert.Equal([1, 0, 0, 0, 0, 0, 0], exitCodes);
        Assert.All(applied, file => Assert.True(File.Exists(_folder.File(file)), file));
        Assert.Equal(3, applied.Count);
        Assert.Contains("- \"*.cdn.example.net\"", File.ReadAllText(_folder.File("door/shop.yaml")), StringComparison.Ordinal);
        Assert.Contains("update.example.org", File.ReadAllText(_folder.File("door/decide.txt")), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Policies => Markdown.Blocks(Repository.File("deploy", "closing-the-door.md"))
        .Where(block => block.StartsWith("policies:", StringComparison.Ordinal));

    private static string Forbidden => "policies: [{name: no-updates, action: forbid, destination: {names: [update.example.org]}}]\n";

    /// <summary>Runs a command as a shell would, in the folder of the test.</summary>
    private async Task<int> TypeAsync(string line)
    {
        var shell = $"cd {_folder.Path} && egress-alerts() {{ dotnet {EgressAlertsProcess.Program} \"$@\"; }} && {line} >/dev/null; echo \"exit $?\"";
        var output = await Tool.OutputAsync("bash", ["-c", shell]);
        return int.Parse(output[(output.IndexOf("exit ", StringComparison.Ordinal) + 5)..].Split('\n')[0], CultureInfo.InvariantCulture);
    }

    private static IReadOnlyList<JsonElement> Rows(JsonElement report, string fate) => [.. report.GetProperty(fate).EnumerateArray()];

    private static string Destination(JsonElement row) => row.GetProperty("destination").GetString()!;

    /// <summary>Compares the totals with what the server says the counters grew by between the same two instants.</summary>
    private static async Task AssertTotalsAsync(PrometheusServer server, JsonElement report)
    {
        var totals = report.GetProperty("totals");
        foreach (var (name, metric) in new[]
        {
            ("requests", "egress_requests_total"), ("opened", "egress_connections_opened_total"), ("closed", "egress_connections_closed_total"),
            ("upload", "egress_upload_bytes_total"), ("download", "egress_download_bytes_total"),
        })
        {
            async Task<double> SumAsync(string instant) =>
                (await server.QueryAsync(
                    $"sum(last_over_time({metric}{{source_workload_namespace=\"shop\"}}[1h]))", report.GetProperty(instant).GetDateTimeOffset()))
                    .Single().Samples.Single().Value;

            Assert.Equal(await SumAsync("to") - await SumAsync("from"), totals.GetProperty(name).GetDouble());
        }
    }

    private static async Task<string> OutputAsync(int exitCode, params string[] arguments)
    {
        // What is printed to standard error comes behind what is printed to standard output.
        var output = await Tool.OutputAsync("dotnet", [EgressAlertsProcess.Program, .. arguments], exitCode);
        var end = output.IndexOf("reading the exported counters", StringComparison.Ordinal);
        return end < 0 ? output : output[..end];
    }

    private static async Task<JsonElement> ReportAsync(int exitCode, params string[] arguments)
    {
        using var report = JsonDocument.Parse(await OutputAsync(exitCode, ["replay", "--policy=REGISTRY_ONLY", "-o=json", .. arguments]));
        return report.RootElement.Clone();
    }

    private string Config(PrometheusServer server, string policies) =>
        _folder.Write($"config-{policies.Length}.yml", $"{WeeksOfEgress.Config(server.Address)}\n{policies}");

    private async Task<PrometheusServer> ServerAsync(Engine engine)
    {
        var file = _folder.File("egress.om");
        _weeks.Write(file, inMilliseconds: engine == Engine.VictoriaMetrics);
        var server = await (engine == Engine.Prometheus ? PrometheusServer.OnSamplesAsync(file) : PrometheusServer.OnImportAsync(file));
        _servers.Add(server);
        return server;
    }
}
