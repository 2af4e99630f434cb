using System.Text;
using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Detection;

/// <summary>What every alert of the service says, in every state: alerts/tests/alerts.golden.txt has all of it.</summary>
public sealed class AlertTextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_alert_says_what_the_golden_file_has()
    {
        var text = new StringBuilder();
        foreach (var (title, findings) in Stories()) Write(text, title, findings, new());
        var blocked = AlertExamples.Blocked();
        Write(text, "EgressAlertsHeldBack", [.. Enumerable.Range(1, 37).Select(i => blocked[0] with { Destination = $"host{i}.example.net" })],
            new() { MaxAlertsPerName = 1 }, "EgressAlertsHeldBack");
        Assert.Equal(Golden.Text($"{text}", "alerts", "tests", "alerts.golden.txt"), $"{text}");
    }

    [Fact]
    public void A_summary_says_who_and_fits_a_line_of_a_chat()
    {
        foreach (var (title, findings) in Stories())
        {
            var finding = Wanted(title, findings);
            if (finding.Source.Name.Length > 0 && !finding.Summary.Contains("workloads together", StringComparison.Ordinal))
                Assert.StartsWith($"{finding.Source} ", finding.Summary, StringComparison.Ordinal);
            Assert.InRange(finding.Summary.Length, 20, 160);
            Assert.DoesNotContain("Resolves", finding.Description, StringComparison.Ordinal);
        }
    }

    /// <summary>By title: the name of the alert, and what is special in this story.</summary>
    private IEnumerable<(string Title, IReadOnlyList<Finding> Findings)> Stories() =>
    [
        ("EgressBlocked, once", AlertExamples.Blocked()),
        ("EgressBlocked, again and again", AlertExamples.Blocked(times: 3, windows: 2)),
        ("EgressBlocked, by a policy of a waypoint", AlertExamples.Blocked(service: "api.example.com")),
        ("EgressProbing", AlertExamples.Probing()),
        ("EgressNewDestination, of a workload that is known", AlertExamples.NewDestination()),
        ("EgressNewDestination, of a new workload", AlertExamples.NewDestinationOfNewWorkload()),
        ("EgressUploadSpike, within an hour", AlertExamples.UploadSpike()),
        ("EgressUploadSpike, to a new place", AlertExamples.UploadToNewPlace()),
        ("EgressUploadSpike, day by day", AlertExamples.UploadDayByDay()),
        ("EgressUploadSpike, in small requests", AlertExamples.UploadInSmallRequests()),
        ("EgressUploadSpike, of several workloads", AlertExamples.UploadOfSeveral()),
        ("EgressFanOut, within an hour", AlertExamples.FanOut()),
        ("EgressFanOut, to new destinations", AlertExamples.FanOutToNewDestinations()),
        ("EgressBeaconing", AlertExamples.Beaconing()),
        ("EgressForbidden, let out", AlertExamples.Forbidden()),
        ("EgressForbidden, refused", AlertExamples.Forbidden(Route.Blocked)),
        ("EgressThreatListed, let out", AlertExamples.ThreatListed(_folder)),
        ("EgressThreatListed, refused", AlertExamples.ThreatListed(_folder, Route.Blocked)),
        ("EgressNameMismatch", AlertExamples.NameMismatch()),
        ("EgressMetadataService", AlertExamples.MetadataService()),
        ("EgressOutsideRegion", AlertExamples.OutsideRegion()),
        ("EgressAlertsWatchdog", AlertExamples.Watchdog()),
    ];

    private static Finding Wanted(string title, IReadOnlyList<Finding> findings) => findings.First(finding => finding.AlertName == title.Split(',')[0]);

    /// <summary>Writes an alert while it fires, and what has changed of it when it has resolved.</summary>
    private static void Write(StringBuilder text, string title, IReadOnlyList<Finding> findings, AlertingOptions options, string? name = null)
    {
        var book = new AlertBook(
            options with { ExternalUrl = new("https://egress-alerts.example.com") }, Store.InMemory().Read(), new AlertMetrics(new MetricRegistry()));
        var window = new Window(Timeline.Start.AddDays(30), Timeline.Start.AddDays(30).AddMinutes(5));
        var firing = book.Update(name is null ? [Wanted(title, findings)] : findings, window).Single(alert => alert.Labels["alertname"] == title.Split(',')[0]);
        text.Append($"{title}\n");
        foreach (var (label, value) in firing.Labels) text.Append($"  {label}: {value}\n");
        text.Append($"  since {firing.StartsAt:u}, {firing.GeneratorUrl}\n");
        foreach (var (annotation, value) in firing.Annotations) text.Append($"    {annotation}: {value}\n");
        var resolved = book.Update([], new Window(window.End, window.End.AddMinutes(5))).Single(alert => alert.Fingerprint == firing.Fingerprint);
        Assert.Equal((firing.StartsAt, window.End.AddMinutes(5)), (resolved.StartsAt, resolved.ResolvedAt));
        Assert.Equal(firing.Annotations, resolved.Annotations);
        text.Append('\n');
    }
}
