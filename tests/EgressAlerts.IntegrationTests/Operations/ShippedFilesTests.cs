using System.Text.RegularExpressions;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>What operators import, judged by the real tools.</summary>
public sealed partial class ShippedFilesTests : IDisposable
{
    /// <summary>Those that the service sends itself.</summary>
    private static readonly string[] OwnAlerts =
    [
        "EgressBlocked", "EgressProbing", "EgressNewDestination", "EgressUploadSpike", "EgressFanOut", "EgressBeaconing", "EgressForbidden", "EgressNameMismatch",
        "EgressMetadataService", "EgressOutsideRegion", "EgressThreatListed", "EgressAlertsWatchdog", "EgressAlertsHeldBack",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Rules_pass_promtool()
    {
        var (exit, output) = await Tool.RunAsync("promtool", ["check", "rules", .. Directory.GetFiles(Repository.File("alerts"), "*.rules.yml")]);
        Assert.True(exit == 0, output);
    }

    [Fact]
    public async Task Rules_fire_and_do_not_fire_as_their_tests_say()
    {
        var (exit, output) = await Tool.RunAsync("promtool", ["test", "rules", .. Directory.GetFiles(Repository.File("alerts", "tests"), "*.test.yml")]);
        Assert.True(exit == 0, output);
    }

    [Fact]
    public async Task Routes_pass_amtool_and_critical_alerts_reach_both_receivers()
    {
        Directory.CreateDirectory(_folder.File("templates"));
        foreach (var template in Directory.GetFiles(Repository.File("alerts", "templates"))) File.Copy(template, Path.Combine(_folder.File("templates"), Path.GetFileName(template)));
        var config = _folder.Write("alertmanager.yml", await File.ReadAllTextAsync(Repository.File("alerts", "alertmanager.yml")));
        var (exit, output) = await Tool.RunAsync("amtool", ["check-config", config]);
        Assert.True(exit == 0, output);

        Assert.Equal("pagerduty,slack", await RouteAsync(config, "critical"));
        Assert.Equal("slack", await RouteAsync(config, "warning"));
        Assert.Equal("watchdog", await RouteAsync(config, "info", "EgressAlertsWatchdog"));
    }

    [Fact]
    public void Every_alert_has_a_runbook_and_every_runbook_an_alert()
    {
        var fromRules = Directory.GetFiles(Repository.File("alerts"), "*.rules.yml").SelectMany(file => AlertPattern().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value);
        var runbooks = Directory.GetFiles(Repository.File("alerts", "runbooks")).Select(Path.GetFileNameWithoutExtension);
        Assert.Equal([.. fromRules.Concat(OwnAlerts).Order(StringComparer.Ordinal)], runbooks.Order(StringComparer.Ordinal));
        var readme = File.ReadAllText(Repository.File("README.md"));
        foreach (var alert in OwnAlerts) Assert.Contains($"| [`{alert}`](alerts/runbooks/{alert}.md) |", readme, StringComparison.Ordinal);
        foreach (var file in Directory.GetFiles(Repository.File("alerts", "runbooks")))
        {
            var text = File.ReadAllText(file);
            foreach (var section in (string[])["# " + Path.GetFileNameWithoutExtension(file), "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"])
                Assert.Contains(section + "\n", text, StringComparison.Ordinal);
        }
    }

    private static async Task<string> RouteAsync(string config, string severity, string alertName = "EgressBlocked") => (await Tool.RunAsync(
        "amtool", ["config", "routes", "test", $"--config.file={config}", $"alertname={alertName}", $"severity={severity}", "source_workload=cart"])).Output.Split('\n')[0];

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex AlertPattern();
}
