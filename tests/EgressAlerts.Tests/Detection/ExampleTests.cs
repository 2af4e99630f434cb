using System.Text.RegularExpressions;
using EgressAlerts.Model;
using EgressAlerts.Testing;
using EgressAlerts.Tests.Configuration;

namespace EgressAlerts.Tests.Detection;

/// <summary>The runbook of an alert shows a message. It is one that the detector really writes, so a change of the wording changes the runbook too.</summary>
public sealed partial class ExampleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Blocked() => Shows("EgressBlocked", AlertExamples.Blocked());

    [Fact]
    public void Probing() => Shows("EgressProbing", AlertExamples.Probing());

    [Fact]
    public void NewDestination() => Shows("EgressNewDestination", AlertExamples.NewDestination());

    [Fact]
    public void UploadSpike() => Shows("EgressUploadSpike", AlertExamples.UploadSpike());

    [Fact]
    public void FanOut() => Shows("EgressFanOut", AlertExamples.FanOut());

    [Fact]
    public void Beaconing() => Shows("EgressBeaconing", AlertExamples.Beaconing());

    [Fact]
    public void Forbidden() => Shows("EgressForbidden", AlertExamples.Forbidden());

    [Fact]
    public void NameMismatch() => Shows("EgressNameMismatch", AlertExamples.NameMismatch());

    [Fact]
    public void MetadataService() => Shows("EgressMetadataService", AlertExamples.MetadataService());

    [Fact]
    public void OutsideRegion() => Shows("EgressOutsideRegion", AlertExamples.OutsideRegion());

    [Fact]
    public void ThreatListed() => Shows("EgressThreatListed", AlertExamples.ThreatListed(_folder));

    [Fact]
    public void The_readme_shows_one_of_them() => Assert.Contains(ExampleOf("EgressNewDestination"), Markdown.Blocks(Repository.File("README.md")));

    /// <summary>The example is the message as Slack shows it: the title of alerts/templates, then the description. Only line breaks may differ.</summary>
    private static void Shows(string alertName, IReadOnlyList<Finding> findings)
    {
        var finding = Assert.Single(findings, finding => finding.AlertName == alertName);
        AssertHasFacts(finding);
        var message = $"[{finding.Severity}] {finding.Summary}\n{finding.Description} {finding.Ends}";
        var example = ExampleOf(alertName);
        Assert.True(
            Space().Replace(message, " ") == Space().Replace(example, " "),
            $"{alertName}.md should show under '## Example'\n{message}\nand not\n{example}");
    }

    /// <summary>What a page shows beside the description: short, and with a key that the reference has.</summary>
    private static void AssertHasFacts(Finding finding)
    {
        Assert.Contains(finding.Facts.LimitKey, ReferenceKeys.Read(File.ReadAllLines(Repository.File("deploy", "egress-alerts.yml"))));
        Assert.InRange(finding.Facts.Observed.Length, 5, 80);
        Assert.InRange(finding.Facts.Expected.Length, 5, 80);
    }

    private static string ExampleOf(string alertName) =>
        Markdown.Blocks(Repository.File("alerts", "runbooks", alertName + ".md"), "## Example").FirstOrDefault("");

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
