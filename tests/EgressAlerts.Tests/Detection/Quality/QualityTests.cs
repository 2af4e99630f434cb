using System.Globalization;
using System.Text;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Detection.Quality;

/// <summary>How well attacks are told from ordinary traffic. The table in alerts/README.md is what comes out here.</summary>
public sealed class QualityTests : IDisposable
{
    private const int Seed = 20260302;

    /// <summary>What an attack has set going may fire for so long after it.</summary>
    private static readonly TimeSpan Aftermath = TimeSpan.FromHours(26);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Attacks_are_found_soon_and_ordinary_traffic_is_not()
    {
        var (world, findings) = Play();
        var rows = world.Attacks.GroupBy(attack => (attack.Kind, attack.Expected)).Select(group => new Row(
            group.Key.Kind, group.Key.Expected, group.Count(), [.. group.Select(attack => FoundAfter(attack, findings)).OfType<TimeSpan>().Order()])).ToList();
        findings = [.. findings.Where(finding => finding.Since > Fortnight.Start + Fortnight.Learning)];
        var wrong = findings.Where(finding => finding.Severity != "info" && !world.Attacks.Any(attack => IsOf(attack, finding))).ToList();
        var perWeek = wrong.Count / (Fortnight.Length.TotalDays / 7);
        var news = findings.Count(finding => finding is { Severity: "info", AlertName: not "EgressAlertsWatchdog" } && !world.Attacks.Any(attack => IsOf(attack, finding)));

        var table = Table(rows, perWeek, news, wrong);
        var missed = world.Attacks.Where(attack => FoundAfter(attack, findings) is null).Select(attack => $"missed: {attack.Kind} of {attack.Source} at {attack.Start:O}");
        var why = string.Join('\n', [table, .. missed, .. wrong.Select(finding => $"false: {finding.AlertName} of {finding.Source} at {finding.Since:O}: {finding.Description}")]);
        Assert.All(rows, row => Assert.True(row.Recall >= (row.Kind.Contains("30 % jitter", StringComparison.Ordinal) || row.Kind.Contains("drip", StringComparison.Ordinal) ? 0.9 : 1), why));
        Assert.True(perWeek <= Fortnight.Workloads / 50.0, why);
        foreach (var row in rows.Where(row => row.Expected is "EgressBlocked" or "EgressForbidden" or "EgressMetadataService" or "EgressThreatListed")) Assert.True(row.Times[^1] <= Fortnight.Window * 2, why);
        Assert.True(File.ReadAllText(Repository.File("alerts", "README.md")).Contains(table, StringComparison.Ordinal), $"alerts/README.md should have\n{table}");
    }

    private (Fortnight World, List<Finding> Findings) Play()
    {
        var world = new Fortnight(Seed);
        var detectors = Timeline.New(new DetectionOptions
        {
            Policies = [new("forbidden", PolicyAction.Alert, "warning", new(), new() { Names = [new("*.forbidden.example.org")] })],
            ThreatListed = new() { Lists = [new ThreatList("bad", _folder.Write("list", "192.0.2.0/24\n"), TimeSpan.FromDays(3650))] },
        });
        var (first, all) = (new HashSet<(string, string, Workload, string, DateTimeOffset)>(), new List<Finding>());
        for (var at = Fortnight.Start; at < Fortnight.End; at += Fortnight.Window)
        {
            var seen = world.Minute(at);
            var reading = new Reading(new Window(at, at + Fortnight.Window), [], new Accounts(Fortnight.Start, []));
            foreach (var finding in detectors.Observe(new NamedReading(reading, seen, seen, [])))
            {
                if (first.Add((finding.AlertName, finding.Severity, finding.Source, finding.Destination, finding.Since))) all.Add(finding);
            }
        }

        return (world, all);
    }

    private static bool IsOf(Attack attack, Finding finding) =>
        finding.AlertName == "EgressAlertsWatchdog" || (finding.Source == attack.Source && finding.Since > attack.Start && finding.Since <= attack.End + Aftermath);

    private static TimeSpan? FoundAfter(Attack attack, List<Finding> findings) =>
        findings.Where(finding => finding.AlertName == attack.Expected && IsOf(attack, finding)).Select(finding => (TimeSpan?)(finding.Since - attack.Start)).Min();

    private static string Table(List<Row> rows, double perWeek, int news, List<Finding> wrong)
    {
        var text = new StringBuilder("| attack | alert | found | time to alert, median (worst) |\n|---|---|---|---|\n");
        foreach (var row in rows) text.Append(CultureInfo.InvariantCulture, $"| {row.Kind} | `{row.Expected}` | {row.Times.Count} of {row.Attacks} | {Length(row.Times[row.Times.Count / 2])} ({Length(row.Times[^1])}) |\n");
        text.Append(CultureInfo.InvariantCulture, $"| none: {Fortnight.Workloads} workloads, a week | | {perWeek:0.#} false alerts{(wrong.Count > 0 ? $" ({string.Join(", ", wrong.Select(finding => $"`{finding.AlertName}`").Distinct())})" : "")} | |\n");
        text.Append(CultureInfo.InvariantCulture, $"| none: new destinations whose name is vouched for | `EgressNewDestination`, `info` | {news} in the fortnight | |\n");
        return text.ToString();
    }

    private static string Length(TimeSpan length) => length.TotalHours >= 2
        ? string.Create(CultureInfo.InvariantCulture, $"{length.TotalHours:0.#} h")
        : string.Create(CultureInfo.InvariantCulture, $"{length.TotalMinutes:0} min");

    private sealed record Row(string Kind, string Expected, int Attacks, List<TimeSpan> Times)
    {
        public double Recall => Times.Count / (double)Attacks;
    }
}
