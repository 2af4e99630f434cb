using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Tests.Detection;

public sealed class DetectorTests
{
    private static readonly DetectionOptions Options = new()
    {
        Blocked = new() { Quiet = TimeSpan.FromMinutes(2) },
        NameMismatch = new() { Quiet = TimeSpan.FromMinutes(2) },
        Probing = new() { Destinations = 4, Within = TimeSpan.FromMinutes(2), Quiet = TimeSpan.FromMinutes(1) },
        MetadataService = new()
        {
            Quiet = TimeSpan.FromMinutes(2),
            Allowed = [WorkloadPattern.Parse("infra/agent")!.Value, WorkloadPattern.Parse("kube-system/*")!.Value],
        },
        OutsideRegion = new() { AllowedRegions = [new("shop", ["eu-west-1", "DE"])] },
        Watchdog = new() { Enabled = false },
        Learning = TimeSpan.FromMinutes(1),
        Memory = TimeSpan.FromHours(1),
        NewDestination = new() { Hold = TimeSpan.FromMinutes(2), Severity = "warning" },
    };

    private readonly Store _store = Store.InMemory();
    private readonly StoredState _state;
    private readonly Detectors _detectors;

    public DetectorTests()
    {
        _state = _store.Read();
        _detectors = Timeline.New(Options, state: _state);
    }

    [Fact]
    public void A_blocked_attempt_is_found_at_once_counted_once_and_gone_after_a_quiet_time()
    {
        var flow = Samples.Flow("52.0.0.1", route: Route.Blocked);
        var finding = Assert.Single(Observe(1, Samples.Increment(flow), Samples.Increment(flow, metric: Metric.ConnectionsOpened)));
        Assert.Equal(("EgressBlocked", "warning", Samples.Cart, "52.0.0.1"), (finding.AlertName, finding.Severity, finding.Source, finding.Destination));
        Assert.Contains("Istio refused 1 attempt of ", finding.Description, StringComparison.Ordinal);
        Assert.Single(Observe(2));
        Assert.Contains("Istio refused 3 attempts of ", Observe(3, Samples.Increment(flow, 2))[0].Description, StringComparison.Ordinal);
        Assert.Single(Observe(6));
        Assert.Empty(Observe(7));
    }

    [Fact]
    public void A_blocked_attempt_to_what_is_registered_was_refused_by_a_policy_and_the_alert_says_so()
    {
        var text = Assert.Single(Observe(1, Samples.Increment(Samples.Flow(service: "api.example.com", route: Route.Blocked)))).Description;
        Assert.Contains("an AuthorizationPolicy at a waypoint or an egress gateway refused it", text, StringComparison.Ordinal);
        Assert.DoesNotContain("register the host", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_blocked_attempt_waits_for_the_name_that_its_counters_will_have_and_began_when_it_was_seen()
    {
        var increment = Samples.Increment(Samples.Flow("52.0.0.1", route: Route.Blocked));
        var unnamed = new NamedIncrement(increment, new Destination("52.0.0.1", NameSource.Ip, false), Stage: NameStage.Open);
        Assert.Empty(_detectors.Observe(Samples.NamedAs(1, unnamed)));

        var named = new NamedIncrement(
            increment, new Destination("late.example.com", NameSource.Ptr, true), Stage: NameStage.FinalLater, SeenAt: Samples.Reading(1).Window.End);
        var finding = Assert.Single(_detectors.Observe(Samples.NamedAs(3, named)));

        Assert.Equal(("EgressBlocked", "late.example.com", Samples.Reading(1).Window.End), (finding.AlertName, finding.Destination, finding.Since));
        Assert.Contains("Istio refused 1 attempt of ", finding.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_arrives_a_window_late_makes_no_second_finding()
    {
        var increment = Samples.Increment(Samples.Flow("52.0.0.1", route: Route.Blocked));
        Observe(1, increment);
        var findings = _detectors.Observe(Samples.NamedAs(2, new NamedIncrement(increment, new Destination("late.example.com", NameSource.Ptr, true))));
        var finding = Assert.Single(findings);
        Assert.Equal(("52.0.0.1", NameSource.Ptr), (finding.Destination, finding.NameSource));
        Assert.Contains("late.example.com", finding.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void A_false_claim_is_found_when_it_is_settled_with_the_claim_the_evidence_and_the_bytes_and_gone_after_a_quiet_time()
    {
        var flow = Samples.Flow("52.0.0.1", sni: "www.bank.com");
        var forged = new NamedIncrement(
            Samples.Increment(flow, 2048, Metric.UploadBytes),
            new Destination("vps.hoster.net", NameSource.Ptr, true),
            new RefutedClaim("www.bank.com", NameSource.Sni, "resolves to 52.2.0.1 (asked twice)"),
            NameStage.FinalLater);
        // It waited for its second look: this window has not seen it.
        var finding = Assert.Single(_detectors.Observe(Samples.NamedAs(3, forged, forged with { Increment = Samples.Increment(flow) })));
        Assert.Equal(
            ("EgressNameMismatch", "warning", Samples.Cart, "vps.hoster.net", null),
            (finding.AlertName, finding.Severity, finding.Source, finding.Destination, finding.NameSource));
        Assert.StartsWith(
            $"shop/cart talked to vps.hoster.net (52.0.0.1, port 443; name from reverse DNS, which resolves back) "
            + "under the TLS server name www[.]bank[.]com, which resolves to 52.2.0.1 (asked twice). Seen: 1 request or connection and 2 KiB sent out ",
            finding.Description,
            StringComparison.Ordinal);

        var next = Restarted(Options);
        Assert.Equal([finding], next.Observe(Samples.Named(4)));
        Assert.Single(next.Observe(Samples.Named(6)));
        Assert.Empty(next.Observe(Samples.Named(7)));
    }

    [Fact]
    public void Many_destinations_that_refuse_are_one_finding_until_there_are_fewer_for_a_while()
    {
        IReadOnlyList<Finding> Probing(int window, params IReadOnlyList<Increment> increments) =>
            [.. Observe(window, increments).Where(finding => finding.AlertName == "EgressProbing")];
        Increment Blocked(int i, string port = "443") => Samples.Increment(Samples.Flow($"52.0.0.{i}", route: Route.Blocked, port: port));

        Assert.Empty(Probing(1, Blocked(1), Blocked(2), Blocked(1)));
        Assert.Empty(Probing(2, Blocked(3), Samples.Increment(Samples.Flow("52.0.0.9"), flags: "-"), Samples.Increment(Samples.Flow("52.0.0.9"), flags: "DC")));
        // Another port is another door, and one that does not answer is shut.
        var finding = Assert.Single(Probing(3, Blocked(3, "80"), Samples.Increment(Samples.Flow("52.0.0.4"), flags: "UF,URX")));
        Assert.Equal(("warning", Samples.Cart, "", Samples.Window(3).End), (finding.Severity, finding.Source, finding.Destination, finding.Since));
        Assert.Contains("tried 5 different destinations", finding.Description, StringComparison.Ordinal);
        Assert.Contains("52[.]0[.]0[.]4, port 443", finding.Description, StringComparison.Ordinal);

        Assert.Single(Probing(4));
        var next = Restarted(Options);
        Assert.Single(Probing(5)); // The first two are too long ago by now, but it is not quiet yet.
        Assert.Single(next.Observe(Samples.Named(5)), found => found.AlertName == "EgressProbing");
        Assert.Empty(Probing(6));
        Assert.DoesNotContain(next.Observe(Samples.Named(6)), found => found.AlertName == "EgressProbing");
    }

    [Fact]
    public void Who_talks_to_the_metadata_service_is_found_but_for_those_who_may()
    {
        var metadata = new Destination(LabelValues.CloudMetadata, NameSource.Special, true);
        NamedIncrement By(Workload source, Route route = Route.Passthrough) =>
            new(Samples.Increment(Samples.Flow("169.254.169.254", source: source, route: route)), metadata);
        var findings = _detectors.Observe(Samples.NamedAs(
            1,
            By(Samples.Cart),
            By(new("infra", "agent")),
            By(new("infra", "other"), Route.Blocked),
            By(new("kube-system", "any"))));
        var finding = Assert.Single(findings, finding => finding.AlertName == "EgressMetadataService");
        Assert.Equal((Samples.Cart, LabelValues.CloudMetadata, true), (finding.Source, finding.Destination, finding.Confirmed));
        Assert.Empty(Observe(5));
    }

    [Fact]
    public void A_region_that_a_namespace_is_to_keep_out_of_is_found_and_one_that_nobody_knows_is_not()
    {
        NamedIncrement To(string address, string region, string ns = "shop") =>
            new(Samples.Increment(Samples.Flow(address, source: new(ns, "cart"))), new Destination(address, NameSource.Ip, false, "", "AS1", region));
        var findings = _detectors.Observe(Samples.NamedAs(
            1,
            To("52.0.0.1", "eu-west-1"),
            To("52.0.0.2", "DE"),
            To("52.0.0.3", "US"),
            To("52.0.0.4", ""),
            To("52.0.0.5", "US", "anywhere")));
        var finding = Assert.Single(findings, finding => finding.AlertName == "EgressOutsideRegion");
        Assert.Equal("52.0.0.3", finding.Destination);
        Assert.Contains("in US: 1 request or connection at ", finding.Description, StringComparison.Ordinal);
        Assert.Contains("Its namespace may use eu-west-1, DE alone ", finding.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void The_watchdog_always_barks_and_has_the_same_start_over_a_restart()
    {
        var detectors = Timeline.New(new DetectionOptions(), state: _state);
        var finding = Assert.Single(detectors.Observe(Samples.Named(1)));
        Assert.Equal(("EgressAlertsWatchdog", "info", Samples.Window(1).End), (finding.AlertName, finding.Severity, finding.Since));
        var next = Restarted(new DetectionOptions());
        Assert.Equal(finding, Assert.Single(next.Observe(Samples.Named(9))));
    }

    [Fact]
    public void Nothing_is_new_while_a_workload_is_being_learned()
    {
        Assert.Empty(Observe(1, Samples.Increment(Samples.Flow("52.0.0.1"))));
        Assert.Empty(Observe(2, Samples.Increment(Samples.Flow("52.0.0.2"))));
        var finding = Assert.Single(Observe(
            3,
            Samples.Increment(Samples.Flow("52.0.0.3"), 2048, Metric.UploadBytes),
            Samples.Increment(Samples.Flow("52.0.0.2"))));
        Assert.Equal(("EgressNewDestination", "info", "52.0.0.3"), (finding.AlertName, finding.Severity, finding.Destination));
        Assert.Contains("So far 2 KiB were sent there", finding.Description, StringComparison.Ordinal);
        Assert.Single(Observe(6));
        Assert.Equal(finding.Since, Assert.Single(Observe(7, Samples.Increment(Samples.Flow("52.0.0.3")))).Since);
    }

    [Fact]
    public void Another_address_of_a_known_name_and_a_late_name_of_a_known_address_are_no_news()
    {
        var known = new Destination("cdn.example.com", NameSource.Ptr, true);
        _detectors.Observe(Samples.NamedAs(1, new NamedIncrement(Samples.Increment(Samples.Flow("52.0.0.1")), known)));
        Observe(2);
        Observe(3);
        Assert.Empty(_detectors.Observe(Samples.NamedAs(4, new NamedIncrement(Samples.Increment(Samples.Flow("52.0.0.2")), known))));
        var renamed = new NamedIncrement(Samples.Increment(Samples.Flow("52.0.0.2")), known with { Name = "renamed.example.com" });
        Assert.Empty(_detectors.Observe(Samples.NamedAs(5, renamed)));
    }

    [Fact]
    public void A_claimed_name_does_not_make_an_unknown_address_known()
    {
        var real = new Destination("api.bank.example.com", NameSource.Registry, true);
        var registered = Samples.Increment(Samples.Flow(service: "api.bank.example.com", route: Route.Registered));
        _detectors.Observe(Samples.NamedAs(1, new NamedIncrement(registered, real)));
        Observe(2);
        Observe(3);
        var claimed = new NamedIncrement(
            Samples.Increment(Samples.Flow("185.199.72.11", host: "api.bank.example.com")),
            new Destination("api.bank.example.com", NameSource.Host, false));
        var finding = Assert.Single(_detectors.Observe(Samples.NamedAs(4, claimed)));
        Assert.Equal(("EgressNewDestination", "warning"), (finding.AlertName, finding.Severity));
        Assert.Contains("185.199.72.11", finding.Description, StringComparison.Ordinal);
        Assert.Single(_detectors.Observe(Samples.NamedAs(5, claimed)));
    }

    [Fact]
    public void An_untrusted_name_has_the_severity_of_what_nobody_vouches_for_and_is_written_so_that_nothing_links_to_it()
    {
        Observe(1, Samples.Increment(Samples.Flow("52.0.0.1")));
        Observe(2);
        Observe(3);
        var claimed = new NamedIncrement(
            Samples.Increment(Samples.Flow(host: "evil.example.com")),
            new Destination("evil.example.com", NameSource.Host, false));
        var finding = Assert.Single(_detectors.Observe(Samples.NamedAs(4, claimed)));
        Assert.Equal("warning", finding.Severity);
        Assert.Contains("evil[.]example[.]com", finding.Description, StringComparison.Ordinal);
        Assert.DoesNotContain("evil.example.com", finding.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_forgotten_after_the_memory_is_new_again()
    {
        Observe(1, Samples.Increment(Samples.Flow("52.0.0.1")), Samples.Increment(Samples.Flow("52.0.0.2")));
        for (var window = 2; window < 250; window++) Observe(window, Samples.Increment(Samples.Flow("52.0.0.2")));
        Assert.Equal("52.0.0.1", Assert.Single(Observe(250, Samples.Increment(Samples.Flow("52.0.0.1")))).Destination);
    }

    [Fact]
    public void A_restart_changes_no_finding()
    {
        Observe(1, Samples.Increment(Samples.Flow("52.0.0.1")));
        Observe(2);
        var before = Observe(3, Samples.Increment(Samples.Flow("52.0.0.9", route: Route.Blocked)), Samples.Increment(Samples.Flow("52.0.0.3")));
        var copy = Restarted(Options);
        Assert.Equal(2, before.Count);
        Assert.Equal(before, copy.Observe(Samples.Named(4)));
    }

    [Fact]
    public void A_detector_that_was_switched_off_leaves_the_findings_and_the_habits_of_the_others_as_they_were()
    {
        Observe(1, Samples.Increment(Samples.Flow("52.0.0.1")));
        Observe(2);
        var before = Observe(3, Samples.Increment(Samples.Flow("52.0.0.9", route: Route.Blocked)), Samples.Increment(Samples.Flow("52.0.0.3")));
        Assert.Equal(["EgressBlocked", "EgressNewDestination"], before.Select(finding => finding.AlertName).Order());

        var off = Options with { Blocked = Options.Blocked with { Enabled = false } };
        var copy = Restarted(off);
        // 52.0.0.1 is no news, so the habits were read. 52.0.0.4 is, so the workload is still a learned one.
        var after = copy.Observe(Samples.Named(4, Samples.Increment(Samples.Flow("52.0.0.1"))));
        Assert.Equal(before.Where(finding => finding.AlertName != "EgressBlocked"), after);
        after = copy.Observe(Samples.Named(5, Samples.Increment(Samples.Flow("52.0.0.4"))));
        Assert.Equal(["52.0.0.3", "52.0.0.4"], after.Select(finding => finding.Destination).Order());
    }

    private Detectors Restarted(DetectionOptions options)
    {
        _state.Commit();
        return Timeline.New(options, state: _store.Read());
    }

    private IReadOnlyList<Finding> Observe(int window, params IReadOnlyList<Increment> increments) => _detectors.Observe(Samples.Named(window, increments));
}
