using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Detection;

public sealed class ExplainTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("source.namespaces: shop is not among bank, pay-*", "namespaces: [bank, pay-*]", "")]
    [InlineData("source.workloads: cart is not among *-job", "workloads: ['*-job']", "")]
    [InlineData("source.labels: none is known, but it needs one of source_version=v2", "labels: {source_version: v2}", "")]
    [InlineData("destination.routes: passthrough is not among blocked, registered", "", "routes: [blocked, registered]")]
    [InlineData("destination.ports: 443 is not among 80, 8080", "", "ports: [80, 8080]")]
    [InlineData("destination.regions: eu-west-1 is not among DE", "", "regions: [DE]")]
    [InlineData("destination.cidrs: 52.0.0.1 is not among 10.0.0.0/8", "", "cidrs: [10.0.0.0/8]")]
    [InlineData("destination.path_prefixes: none is known, but it needs one of /politics", "", "path_prefixes: [/politics]")]
    [InlineData("destination.names: vps.hoster.net, www.bank.example is not among *.stripe.com", "", "names: ['*.stripe.com']")]
    [InlineData(
        "destination.names: vps.hoster.net, www.bank.example would match, but nobody vouches for the name, and allow needs a verified one", "",
        "names: ['*.bank.example']")]
    public void A_policy_that_does_not_match_says_which_condition_is_the_first_that_fails(string expected, string source, string destination)
    {
        var file = _folder.Write(
            "policies.yml", $"policies: [{{name: p, action: allow, source: {{{source}}}, destination: {{{destination}}}}}, {{name: all, action: forbid}}]");
        var policies = EgressAlerts.Configuration.ConfigLoader.Load(file).Detection.Policies;
        var explained = ExplainWith(new() { Policies = policies }, Samples.Flow("52.0.0.1", sni: "www.bank.example")).Policies;
        Assert.Equal(new PolicyExplanation("p", "allow", Matches: false, Decides: false, expected), explained[0]);
        Assert.Equal(("all", true, true), (explained[1].Policy, explained[1].Matches, explained[1].Decides));
    }

    [Fact]
    public void A_policy_that_matches_after_another_one_says_which_one_comes_first()
    {
        Policy first = new("first", PolicyAction.Allow, "warning", new(), new()), second = new("second", PolicyAction.Forbid, "critical", new(), new());
        var explained = ExplainWith(new() { Policies = [first, second] }, Samples.Flow("52.0.0.1"));
        Assert.Equal("it matches too, but first comes first", explained.Policies[1].Reason);
        Assert.Equal("policy first allows the contact", Found(explained, "EgressForbidden").Reason);
        var forbidden = Found(ExplainWith(new() { Policies = [second] }, Samples.Flow("52.0.0.1")), "EgressForbidden");
        Assert.Equal(("fires", "critical"), (forbidden.Verdict, forbidden.Severity));
    }

    [Fact]
    public void Each_detector_says_what_it_would_do()
    {
        var options = new DetectionOptions
        {
            Blocked = new() { Enabled = false },
            OutsideRegion = new() { AllowedRegions = [new("shop", ["DE"])] },
            Beaconing = new() { Known = [new("*.hoster.net")] },
            ThreatListed = new() { Lists = [new() { Name = "drop", File = _folder.Write("drop.txt", "52.0.0.0/16") }] },
        };
        var claim = new RefutedClaim("www.bank.example", NameSource.Sni, "resolves to 203.0.113.9 (asked twice)");
        var explained = ExplainWith(options, Samples.Flow("52.0.0.1"), confirmed: true, claim);
        Assert.Equal(
            [
                "EgressBlocked does_not_look: detection.blocked.enabled is false",
                "EgressProbing watches: it counts the destinations that are blocked or do not answer",
                "EgressNewDestination watches: it fires at the first contact of a workload that is learned, "
                    + "unless half of the other namespaces use the destination",
                "EgressUploadSpike watches: it compares what is sent with what is usual",
                "EgressFanOut watches: it compares the number of destinations with what is usual",
                "EgressBeaconing does_not_look: detection.beaconing.known names the destination",
                "EgressForbidden does_not_look: no policy matches",
                "EgressNameMismatch fires: the claimed name www[.]bank[.]example resolves to 203.0.113.9 (asked twice)",
                "EgressMetadataService does_not_look: the destination is no metadata service that answers",
                "EgressOutsideRegion fires: eu-west-1 is not among DE",
                "EgressThreatListed fires: the list drop has the entry 52[.]0[.]0[.]0/16",
            ],
            explained.Detectors.Select(detector => $"{detector.Alert} {detector.Verdict}: {detector.Reason}"));
        Assert.Contains(new EffectiveOption("detection.beaconing.known", "[*.hoster.net]", IsDefault: false), Found(explained, "EgressBeaconing").Limits);

        var ignored = ExplainWith(options with { Policies = [new("i", PolicyAction.Ignore, "warning", new(), new())] }, Samples.Flow("52.0.0.1"));
        Assert.All(ignored.Detectors, detector => Assert.Equal(("does_not_look", "policy i ignores the traffic"), (detector.Verdict, detector.Reason)));
    }

    [Fact]
    public void An_explanation_agrees_with_what_the_detectors_then_do()
    {
        var options = new DetectionOptions
        {
            Policies = [new("no", PolicyAction.Forbid, "critical", new(), new() { Ports = ["443"] })],
            MetadataService = new() { Allowed = [WorkloadPattern.Parse("infra/*")!.Value] },
        };
        foreach (var flow in (Flow[])[Samples.Flow("169.254.169.254"), Samples.Flow("52.0.0.1", route: Route.Blocked), Samples.Flow("52.0.0.1", port: "80")])
        {
            var isMetadata = $"{flow.To.Address}" == "169.254.169.254";
            var destination = new Destination(isMetadata ? LabelValues.CloudMetadata : "x.example.com", isMetadata ? NameSource.Special : NameSource.Ptr, true);
            var detectors = Timeline.New(options);
            var explained = detectors.Explain(flow, destination, null, LearningExplanation.None, Timeline.Start);
            var expected = explained.Detectors.Where(detector => detector.Verdict == "fires");
            var increment = new NamedIncrement(Samples.Increment(flow), destination);
            var findings = detectors.Observe(Samples.NamedAs(1, increment)).Where(finding => finding.AlertName != "EgressAlertsWatchdog");
            Assert.Equal(expected.Select(one => (one.Alert, one.Severity)).Order(), findings.Select(one => (one.AlertName, one.Severity)).Order());
        }
    }

    [Fact]
    public void The_group_and_the_override_of_the_workload_are_told_and_what_learning_means()
    {
        var options = new DetectionOptions { WorkloadGroups = [new(WorkloadPattern.Parse("ci/build-*")!.Value, new("ci", "build"))] };
        options = options with
        {
            Overrides =
            [
                new([WorkloadPattern.Parse("batch/*")!.Value], options),
                new([WorkloadPattern.Parse("ci/build")!.Value], options with { Learning = TimeSpan.FromMinutes(7), FanOut = new() { Floor = 7 } }),
            ],
        };
        var flow = Samples.Flow("52.0.0.1", source: new("ci", "build-5f3e"));
        var detectors = Timeline.New(options);
        var before = Explain(detectors, flow);
        Assert.Equal(("ci/build", "ci/build-*", "detection.overrides[1]", "learning"), (before.Source, before.Group, before.Override, before.Learning.State));
        Assert.Contains(new EffectiveOption("detection.fan_out.floor", "7", IsDefault: false), Found(before, "EgressFanOut").Limits);

        Assert.Equal(
            (DetectorExplanation.Passes, "the workload is still being learned, so that nothing is new for it"),
            (Found(before, "EgressNewDestination").Verdict, Found(before, "EgressNewDestination").Reason));
        Assert.Equal(("", ""), (Explain(detectors, Samples.Flow("52.0.0.1")).Group, Explain(detectors, Samples.Flow("52.0.0.1")).Override));
    }

    private static DetectorExplanation Found(DetectionExplanation explained, string alert) => Assert.Single(explained.Detectors, found => found.Alert == alert);

    private static DetectionExplanation ExplainWith(DetectionOptions options, Flow flow, bool confirmed = false, RefutedClaim? claim = null) =>
        Timeline.New(options).Explain(
            flow, new Destination("vps.hoster.net", NameSource.Ptr, confirmed, Region: "eu-west-1"), claim, LearningExplanation.None,
            DateTimeOffset.FromUnixTimeSeconds(0));

    private static DetectionExplanation Explain(Detectors detectors, Flow flow) =>
        detectors.Explain(
            flow, new Destination("x.example.com", NameSource.Ptr, true), null, LearningExplanation.Of(null), Timeline.Start);
}
