using System.Globalization;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Detection;

/// <summary>What holds for all detectors, whatever they see.</summary>
public sealed class DetectorProperties : IDisposable
{
    private const int Windows = 90;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Everything speaks soon, so that there is much to go wrong.</summary>
    private readonly DetectionOptions _options;
    private readonly TemporaryFolder _folder = new();

    public DetectorProperties() => _options = Options with
    {
        ThreatListed = new() { Lists = [new() { Name = "bad", File = _folder.Write("list", "52.0.0.12\n"), MaxAge = TimeSpan.FromDays(3650) }] },
    };

    private static readonly DetectionOptions Options = new()
    {
        Learning = TimeSpan.FromHours(2),
        Memory = TimeSpan.FromHours(20),
        Blocked = new() { Quiet = TimeSpan.FromHours(2) },
        Probing = new() { Destinations = 3, Within = TimeSpan.FromHours(1) },
        NewDestination = new() { Hold = TimeSpan.FromHours(3), LargeUpload = 5_000 },
        UploadSpike = new() { Learning = TimeSpan.FromHours(4), Floor = 5_000, DailyFloor = 20_000, Deviations = 1 },
        FanOut = new() { Learning = TimeSpan.FromHours(4), Floor = 3, Deviations = 1 },
        Beaconing = new() { Score = 60, Exchanges = 8 },
        MetadataService = new() { Quiet = TimeSpan.FromHours(2) },
        OutsideRegion = new() { AllowedRegions = [new("a", ["DE"])] },
        Policies =
        [
            new("excused", PolicyAction.Allow, "warning", new(), new() { Names = [new("n1.example.com")] }),
            new("lifted", PolicyAction.Allow, "warning", new() { Namespaces = [new("b")] }, new() { Names = [new("n2.example.com"), new("n3.example.com")] })
            {
                Volume = PolicyVolume.Any,
                Until = Timeline.Start.AddHours(20),
            },
            new("unseen", PolicyAction.Ignore, "warning", new() { Namespaces = [new("c")] }, new() { Ports = ["80"] }),
            new("accused", PolicyAction.Forbid, "critical", new(), new() { Names = [new("*.example.com")], Ports = ["443"] }),
        ],
    };

    [Fact]
    public void The_order_of_increments_is_irrelevant() => Prop.ForAll(
        Gen.Choose(0, 1_000_000).ToArbitrary(),
        seed =>
        {
            var (one, other, random) = (Timeline.New(_options), Timeline.New(_options), new Random(seed));
            for (var i = 0; i < Windows; i++)
            {
                var seen = Increments(random);
                Assert.Equal(
                    Identities(one.Observe(Reading(i, Hour, seen))),
                    Identities(other.Observe(Reading(i, Hour, [.. seen.OrderBy(_ => random.Next())]))));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    /// <summary>To the last word of each finding.</summary>
    [Fact]
    public void A_restart_equals_none() => Prop.ForAll(
        (from seed in Gen.Choose(0, 1_000_000) from minutes in Gen.Elements(20, 60, 360) select (seed, minutes)).ToArbitrary(),
        these =>
        {
            using var store = Store.InMemory();
            var (state, random, window) = (store.Read(), new Random(these.seed), TimeSpan.FromMinutes(these.minutes));
            // Bounds that are reached again and again.
            var options = _options with { MaxRemembered = 100, MaxPulses = 20 };
            var (one, other) = (Timeline.New(options), Timeline.New(options, state: state));
            for (var i = 0; i < 2 * Windows; i++)
            {
                var seen = Increments(random, isBurst: random.Next(8) == 0);
                var (expected, found) = (one.Observe(Reading(i, window, seen)), other.Observe(Reading(i, window, seen)));
                Assert.Equal([], expected.Except(found));
                Assert.Equal([], found.Except(expected));
                state.Commit();
                if (random.Next(2) > 0) continue;
                state = store.Read();
                other = Timeline.New(options, state: state);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(24));

    [Fact]
    public void Nothing_is_found_of_nothing_nothing_has_two_findings_all_detectors_speak_and_all_end_when_it_is_quiet()
    {
        var spoken = new HashSet<string>();
        Prop.ForAll(
            Gen.Choose(0, 1_000_000).ToArbitrary(),
            seed =>
            {
                var (time, random) = (new Timeline(_options, TimeSpan.FromHours(1)), new Random(seed));
                Assert.Equal(["EgressAlertsWatchdog"], time.Step().Select(finding => finding.AlertName));
                for (var i = 0; i < Windows; i++)
                {
                    var findings = time.Step(Increments(random));
                    Assert.Equal(
                        findings.Count,
                        findings.Select(finding => (finding.AlertName, finding.Severity, finding.Source, finding.Destination)).Distinct().Count());
                    Assert.All(findings, finding => Assert.True(finding.Since <= time.Now && finding.Description.Length > 0 && finding.Evidence.Length > 0));
                    spoken.UnionWith(findings.Select(finding => finding.AlertName));
                }

                // Far beyond what any of them takes to be quiet.
                Assert.Single(time.Until(time.Now.AddDays(7), _ => []));
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
        Assert.Equal(
            [
                "EgressAlertsWatchdog", "EgressBeaconing", "EgressBlocked", "EgressFanOut", "EgressForbidden", "EgressMetadataService",
                "EgressNameMismatch", "EgressNewDestination", "EgressOutsideRegion", "EgressProbing", "EgressThreatListed", "EgressUploadSpike",
            ],
            spoken.Order(StringComparer.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<string> Identities(IEnumerable<Finding> findings) => findings.Select(Identity).Order(StringComparer.Ordinal);

    private static string Identity(Finding finding) => string.Create(
        CultureInfo.InvariantCulture,
        $"{finding.AlertName} {finding.Severity} {finding.Source} {finding.Destination} {finding.Since:O}");

    private static NamedReading Reading(int window, TimeSpan length, IReadOnlyList<NamedIncrement> seen)
    {
        var start = Timeline.Start + (window * length);
        return new(new Window(start, start + length), seen);
    }

    /// <summary>What a few workloads do with a few destinations. Some of these have one name, so that the order in which a name's addresses come
    /// could matter.</summary>
    private static List<NamedIncrement> Increments(Random random, bool isBurst = false)
    {
        var increments = new List<NamedIncrement>();
        for (var left = isBurst ? 60 : random.Next(20); left > 0; left--)
        {
            var (i, metric) = (random.Next(13), (Metric)random.Next(5));
            var flow = Samples.Flow(
                string.Create(CultureInfo.InvariantCulture, $"52.0.0.{i + 1}"),
                route: random.Next(6) == 0 ? Route.Blocked : Route.Passthrough,
                source: new(random.Next(3) switch { 0 => "a", 1 => "b", _ => "c" }, random.Next(3) == 0 ? "web" : "app"),
                port: random.Next(2) == 0 ? "443" : "80");
            var name = new Destination(
                string.Create(CultureInfo.InvariantCulture, $"n{i % 6}.example.com"),
                NameSource.Ptr,
                i % 2 == 0,
                "",
                "",
                i % 5 == 0 ? "US" : "DE",
                "example.com",
                "example.com");
            increments.Add(new(
                new Increment(new(flow, metric, "", metric == Metric.ConnectionsClosed && i == 7 ? "UF" : ""), random.Next(1, isBurst ? 9_000 : 3_000)),
                i == 0 ? new Destination(LabelValues.CloudMetadata, NameSource.Special, true) : name,
                i == 8 ? new RefutedClaim("bank.com", NameSource.Sni, "resolves elsewhere") : null));
        }

        return increments;
    }
}
