using System.Text.RegularExpressions;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Testing;
using EgressAlerts.Tests.Configuration;

namespace EgressAlerts.Tests.Detection;

/// <summary>The runbook of an alert shows a message. It is one that the detector really writes, so a change of the wording changes the runbook too.</summary>
public sealed partial class ExampleTests : IDisposable
{
    private const double KiB = 1 << 10;
    private const double MiB = 1 << 20;

    private static readonly Workload Report = new("batch", "report");

    private static readonly DetectionOptions Options = new() { Watchdog = new() { Enabled = false } };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Blocked() => Shows(
        "EgressBlocked",
        new Timeline(Options).Step(new NamedIncrement(
            Samples.Increment(Samples.Flow("141.95.34.99", route: Route.Blocked, source: Report, port: "4444")), Confirmed("vps-99.hoster.example.net"))));

    [Fact]
    public void Probing() => Shows(
        "EgressProbing",
        new Timeline(Options).Step([.. Enumerable.Range(1, 34).Select(i => new NamedIncrement(
            Samples.Increment(Samples.Flow($"203.0.113.{i}", route: Route.Blocked, source: Report, port: "22")), Nameless($"203.0.113.{i}")))]));

    [Fact]
    public void NewDestination() => Shows(
        "EgressNewDestination",
        Learned(Options, days: 9).Step(new NamedIncrement(
            Samples.Increment(Samples.Flow("185.199.72.11", source: Report), 229 * MiB, Metric.UploadBytes), Nameless("185.199.72.11"))));

    [Fact]
    public void The_readme_shows_one_of_them() => Assert.Contains(ExampleOf("EgressNewDestination"), Markdown.Blocks(Repository.File("README.md")));

    [Fact]
    public void UploadSpike()
    {
        var time = new Timeline(Options with { NewDestination = new() { Enabled = false }, Beaconing = new() { Enabled = false } });
        NamedIncrement Sent(string name, double upload) => Timeline.To(name, upload, site: "stripe.com");

        // By day 5 MiB a window, by night 1 MiB.
        time.Until(Timeline.Start.AddDays(21).AddHours(10), now => [Sent("api.stripe.com", (now.Hour is > 7 and < 20 ? 5 : 1) * MiB)]);
        Shows("EgressUploadSpike", time.Step(Sent("files.stripe.com", 600 * MiB), Sent("api.stripe.com", 5 * MiB)));
    }

    [Fact]
    public void FanOut()
    {
        var time = new Timeline(Options with { NewDestination = new() { Enabled = false }, Beaconing = new() { Enabled = false } });
        IReadOnlyList<NamedIncrement> Crawl(int sites) =>
            [.. Enumerable.Range(0, sites).Select(i => Timeline.To($"site{i}.example.com", 100, source: new Workload("search", "crawler")))];
        time.Until(Timeline.Start.AddDays(15), _ => Crawl(5));
        Shows("EgressFanOut", time.Step(Crawl(420)));
    }

    [Fact]
    public void Beaconing()
    {
        var options = Options with { NewDestination = new() { Enabled = false }, Learning = TimeSpan.FromHours(1) };
        var time = new Timeline(options, TimeSpan.FromSeconds(30));
        time.Until(Timeline.Start.AddHours(2), _ => [Timeline.To("api.example.com", 10, source: Report)]);
        while (time.Findings.Count == 0 && time.Now < Timeline.Start.AddDays(1))
            time.Step(time.Now.Minute % 5 == 0 && time.Now.Second == 0 ? [Timeline.To("141.95.34.99", 700, "141.95.34.99", Report, confirmed: false)] : []);
        Shows("EgressBeaconing", time.Findings);
    }

    [Fact]
    public void Forbidden() => Shows(
        "EgressForbidden",
        new Timeline(Options with
        {
            Policies = [new("no-paste-sites", PolicyAction.Forbid, "critical", new(), new() { Names = [new("*.pastebin.example.org")] })],
        }).Step(new NamedIncrement(
            Samples.Increment(Samples.Flow("141.95.34.99", sni: "www.pastebin.example.org", source: Report), 300 * KiB, Metric.UploadBytes),
            Confirmed("vps-99.hoster.example.net"))));

    [Fact]
    public void NameMismatch() => Shows(
        "EgressNameMismatch",
        new Timeline(Options).Step(new NamedIncrement(
            Samples.Increment(Samples.Flow("141.95.33.98", host: "www.mailer.example.com", source: Report, port: "80"), 2 * KiB, Metric.UploadBytes),
            Confirmed("vps-98.hoster.example.net"),
            new RefutedClaim("www.mailer.example.com", NameSource.Host, "resolves to 145.14.30.7 (asked twice)"))));

    [Fact]
    public void MetadataService() => Shows(
        "EgressMetadataService",
        new Timeline(Options).Step(new NamedIncrement(
            Samples.Increment(Samples.Flow("169.254.169.254", source: Report, port: "80")),
            new Destination(LabelValues.CloudMetadata, NameSource.Special, true))));

    [Fact]
    public void OutsideRegion() => Shows(
        "EgressOutsideRegion",
        new Timeline(Options with
        {
            OutsideRegion = new() { AllowedRegions = [new("payments", ["eu-west-1", "DE"])] },
        }).Step(new NamedIncrement(
            Samples.Increment(Samples.Flow("52.0.0.3", source: new("payments", "api")), 4 * MiB, Metric.UploadBytes),
            new Destination("52.0.0.3", NameSource.Ip, false, "", "AS16509", "us-east-1"))));

    [Fact]
    public void ThreatListed() => Shows(
        "EgressThreatListed",
        new Timeline(Options with
        {
            ThreatListed = new() { Lists = [new() { Name = "drop", File = _folder.Write("drop.txt", "185.199.72.0/24\n"), MaxAge = TimeSpan.FromDays(3650) }] },
        }).Step(new NamedIncrement(Samples.Increment(Samples.Flow("185.199.72.11", source: Report)), Nameless("185.199.72.11"))));

    /// <summary>The example is the message as Slack shows it: the title of alerts/templates, then the description. Only line breaks may differ.</summary>
    private static void Shows(string alertName, IReadOnlyList<Finding> findings)
    {
        var finding = Assert.Single(findings, finding => finding.AlertName == alertName);
        AssertHasFacts(finding);
        var message = $"[FIRING:1] {alertName} {finding.Source}\n{finding.Description}";
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

    /// <summary>A workload that has talked to one destination for some days.</summary>
    private static Timeline Learned(DetectionOptions options, int days)
    {
        var time = new Timeline(options);
        time.Until(Timeline.Start.AddDays(days), _ => [Timeline.To("api.example.com", 10, source: Report)]);
        return time;
    }

    private static Destination Confirmed(string name) => new(name, NameSource.Ptr, Confirmed: true);

    private static Destination Nameless(string address) => new(address, NameSource.Ip, Confirmed: false);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
