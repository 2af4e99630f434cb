using System.Text.RegularExpressions;
using System.Xml.Linq;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>What operators import, judged by the real tools.</summary>
public sealed partial class ShippedFilesTests : IDisposable
{
    /// <summary>Those that the service sends itself.</summary>
    private static readonly string[] OwnAlerts =
    [
        "EgressBlocked", "EgressProbing", "EgressNewDestination", "EgressUploadSpike", "EgressFanOut", "EgressBeaconing", "EgressForbidden",
        "EgressNameMismatch", "EgressMetadataService", "EgressOutsideRegion", "EgressThreatListed", "EgressAlertsWatchdog", "EgressAlertsHeldBack",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("deploy/helm/egress-alerts/Chart.yaml", "^(?:version|appVersion): (.+)$", 2)]
    [InlineData("deploy/kubernetes/base/kustomization.yaml", "newTag: (.+)$", 1)]
    [InlineData("deploy/Dockerfile", @"egress-alerts:(\S+)", 1)]
    [InlineData("deploy/installation.md", @"(?:egress-alerts:|newTag: )(\d[\w.]+)", 5)]
    [InlineData("CHANGELOG.md", @"\A# Changelog\n\n(?:## Unreleased\n(?:.*\n)*?)?## (\S+) / \d{4}-\d\d-\d\d$", 1)]
    public async Task Each_place_names_the_version_of_the_program(string file, string pattern, int count)
    {
        var version = XDocument.Load(Repository.File("Directory.Build.props")).Descendants("VersionPrefix").Single().Value;
        var named = Regex.Matches(await File.ReadAllTextAsync(Repository.File(file)), pattern, RegexOptions.Multiline).Select(match => match.Groups[1].Value);
        Assert.Equal(Enumerable.Repeat(version, count), named);
    }

    [Fact]
    public async Task Rules_pass_promtool()
    {
        await Tool.OutputAsync("promtool", ["check", "rules", .. RuleFiles]);
    }

    [Fact]
    public async Task Rules_fire_and_do_not_fire_as_their_tests_say()
    {
        await Tool.OutputAsync("promtool", ["test", "rules", .. Directory.GetFiles(Repository.File("alerts", "tests"), "*.test.yml")]);
    }

    [Fact]
    public async Task Routes_pass_amtool_and_every_alert_reaches_whom_it_should()
    {
        Directory.CreateDirectory(_folder.File("templates"));
        foreach (var template in Directory.GetFiles(Repository.File("alerts", "templates")))
            File.Copy(template, Path.Combine(_folder.File("templates"), Path.GetFileName(template)));
        var config = _folder.Write("alertmanager.yml", await File.ReadAllTextAsync(Repository.File("alerts", "alertmanager.yml")));
        await Tool.OutputAsync("amtool", ["check-config", config]);

        // Every alert of both kinds, in every severity, in two namespaces.
        foreach (var alert in OwnAlerts.Concat(RuleAlerts))
        {
            foreach (var severity in (string[])["critical", "warning", "info"])
            {
                foreach (var ns in (string[])["shop", "payments"])
                {
                    var chat = (ns == "payments" ? "slack-payments" : "slack") + (severity == "info" ? "-digest" : "");
                    var expected = alert == "EgressAlertsWatchdog" ? "watchdog"
                        : severity == "critical" ? "pagerduty," + chat
                        : alert.StartsWith("EgressAlerts", StringComparison.Ordinal) ? "slack-platform" : chat;
                    Assert.Equal((alert, severity, ns, expected), (alert, severity, ns, await RouteAsync(config, severity, alert, ns)));
                }
            }
        }
    }

    [Fact]
    public async Task Each_rule_says_what_it_is_about_and_is_tested_in_both_directions()
    {
        var rules = string.Join('\n', RuleFiles.Select(File.ReadAllText));
        var tests = string.Join('\n', await Task.WhenAll(Directory.GetFiles(Repository.File("alerts", "tests")).Select(file => File.ReadAllTextAsync(file))));
        foreach (var alert in RuleAlerts)
        {
            var rule = RulePattern().Matches(rules).Select(match => match.Value).Single(text => text.Contains($"- alert: {alert}\n", StringComparison.Ordinal));
            var runbook = $"runbook_url: https://egress-alerts.example.com/runbooks/{alert}\n";
            foreach (var part in (string[])["expr:", "labels: {severity: ", "summary: ", "description: ", runbook])
                Assert.Contains(part, rule, StringComparison.Ordinal);
            Assert.Matches($@"alertname: {alert}(, |\n +)exp_alerts: \[\]", tests);
            Assert.Contains($"alertname: {alert}\n        exp_alerts:\n          - exp_labels:", tests, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_alert_has_a_runbook_and_every_runbook_an_alert()
    {
        var runbooks = Directory.GetFiles(Repository.File("alerts", "runbooks")).Select(Path.GetFileNameWithoutExtension);
        Assert.Equal([.. RuleAlerts.Concat(OwnAlerts).Order(StringComparer.Ordinal)], runbooks.Order(StringComparer.Ordinal));
        var readme = File.ReadAllText(Repository.File("README.md"));
        foreach (var alert in OwnAlerts) Assert.Contains($"| [`{alert}`](alerts/runbooks/{alert}.md) |", readme, StringComparison.Ordinal);
        foreach (var file in Directory.GetFiles(Repository.File("alerts", "runbooks")))
        {
            var text = File.ReadAllText(file);
            foreach (var section in (string[])["# " + Path.GetFileNameWithoutExtension(file), "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"])
                Assert.Contains(section + "\n", text, StringComparison.Ordinal);
        }
    }

    private static IReadOnlyList<string> RuleFiles =>
    [
        .. Directory.GetFiles(Repository.File("alerts"), "*.rules.yml"), .. Directory.GetFiles(Repository.File("alerts", "optional"), "*.rules.yml"),
    ];

    /// <summary>Those that Prometheus evaluates.</summary>
    private static IReadOnlyList<string> RuleAlerts =>
    [
        .. RuleFiles
            .SelectMany(file => AlertPattern().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value),
    ];

    private static async Task<string> RouteAsync(string config, string severity, string alertName, string ns) => (await Tool.OutputAsync(
        "amtool",
        [
            "config", "routes", "test", $"--config.file={config}",
            $"alertname={alertName}", $"severity={severity}", "source_workload=cart", $"source_workload_namespace={ns}",
        ])).Split('\n')[0];

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex AlertPattern();

    [GeneratedRegex(@"      - alert: \w+\n(?:        .*\n|\n)*")]
    private static partial Regex RulePattern();
}
