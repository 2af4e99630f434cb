using EgressAlerts.Detection;
using EgressAlerts.Model;

namespace EgressAlerts.Tests.Detection;

/// <summary>What an entry with <c>allow</c> lifts and what it leaves, and what comes back when it has ended.</summary>
public sealed class DecisionTests
{
    private const long MiB = 1 << 20;
    private static readonly DateTimeOffset Learned = Timeline.Start.AddHours(1);
    private static readonly DateTimeOffset Until = Timeline.Start.AddHours(6);

    [Fact]
    public void An_allowed_contact_is_not_reported_as_new_until_the_entry_has_ended()
    {
        var time = Playing(Allow() with { Until = Until });
        time.Until(Learned, _ => [Known]);
        Assert.Empty(time.Until(Until, _ => [Known, Wanted]));
        var finding = Assert.Single(time.Step(Known, Wanted));
        Assert.Equal(("EgressNewDestination", "api.partner.com", Until.AddMinutes(5)), (finding.AlertName, finding.Destination, finding.Since));
        Assert.Empty(time.Until(time.Now.AddDays(2), _ => [Known, Wanted]));
    }

    [Fact]
    public void An_entry_ends_with_the_window_and_also_over_a_restart()
    {
        var time = Playing(Allow() with { Until = Until });
        time.Until(Learned, _ => [Known]);
        time.Until(Until.AddMinutes(-5), _ => [Wanted]);
        time.Restart();
        Assert.Empty(time.Step(Wanted));
        Assert.Equal(Until, time.Now);
        time.Restart();
        Assert.Single(time.Step(Wanted));
    }

    [Fact]
    public void An_alert_ends_with_the_window_after_its_contact_is_allowed_and_comes_back_when_the_entry_has_ended()
    {
        var time = Playing();
        time.Until(Learned, _ => [Known]);
        Assert.Single(time.Step(Wanted));
        time.Restart(Options(Allow() with { Until = Until }));
        Assert.Empty(time.Step(Known));
        Assert.Empty(time.Until(Until, _ => [Known]));
        Assert.Equal("EgressNewDestination", Assert.Single(time.Step(Wanted)).AlertName);
    }

    [Fact]
    public void A_contact_that_was_known_before_it_was_allowed_for_good_stays_known()
    {
        var time = Playing();
        time.Until(Learned, _ => [Known]);
        time.Until(Learned.AddHours(30), _ => [Wanted]);
        Assert.Empty(time.Findings);
        time.Restart(Options(Allow()));
        time.Step(Wanted);
        time.Restart(Options());
        Assert.Empty(time.Step(Wanted));
    }

    [Fact]
    public void A_destination_that_others_use_only_because_it_is_allowed_is_not_common()
    {
        var time = Playing(Allow() with { Until = Until });
        NamedIncrement[] all = [.. ((string[])["shop", "a", "b"]).SelectMany(ns => From(new Workload(ns, "cart")))];
        time.Until(Learned, _ => [.. all.Where(one => one.Destination.Name == "known.com")]);
        time.Until(Until, _ => all);
        Assert.Equal(3, time.Step(all).Count);

        static NamedIncrement[] From(Workload source) => [To("known.com", source), To("api.partner.com", source)];
    }

    [Fact]
    public void An_allowed_destination_counts_once_for_EgressFanOut()
    {
        var options = Options(Allow(new() { Names = [new("*.partner.com")] })) with
        {
            FanOut = new() { NewFloor = 20, Learning = TimeSpan.Zero },
        };
        var time = new Timeline(options);
        time.Until(Learned, _ => [Known]);
        Assert.Empty(time.Until(Learned.AddHours(4), _ => [.. Many(15)]));
        Assert.Contains(time.Step(Many(150)), finding => finding.AlertName == "EgressFanOut");

        static NamedIncrement[] Many(int count) => [.. Enumerable.Range(0, count).Select(i => Timeline.To($"a{i}.partner.com", 1))];
    }

    [Theory]
    [InlineData(PolicyVolume.Usual, 1)]
    [InlineData(PolicyVolume.Any, 0)]
    public void An_allowed_upload_is_still_too_much_unless_any_volume_is_allowed(PolicyVolume volume, int expected)
    {
        var time = new Timeline(Options(Allow() with { Volume = volume }) with { UploadSpike = new() { Learning = TimeSpan.Zero } });
        time.Until(Learned, _ => [Known]);
        Assert.Equal(expected, time.Step(Timeline.To("api.partner.com", 900 * MiB)).Count(finding => finding.AlertName == "EgressUploadSpike"));
    }

    [Fact]
    public void An_upload_that_fires_ends_with_the_first_traffic_for_which_any_volume_is_allowed()
    {
        var options = Options() with { UploadSpike = new() { Learning = TimeSpan.Zero }, NewDestination = new() { Enabled = false } };
        var time = new Timeline(options);
        time.Until(Learned, _ => [Known]);
        Assert.Single(time.Step(Timeline.To("api.partner.com", 900 * MiB)));
        time.Restart(options with { Policies = [Allow() with { Volume = PolicyVolume.Any, Until = Until }] });
        Assert.Empty(time.Step(Timeline.To("api.partner.com", 900 * MiB)));
        Assert.Empty(time.Until(Until, _ => [Timeline.To("api.partner.com", 90 * MiB)]));
        Assert.Single(time.Step(Timeline.To("api.partner.com", 900 * MiB)));
    }

    [Fact]
    public void A_beacon_that_is_allowed_is_none_and_one_that_fires_ends()
    {
        var quiet = Options() with { NewDestination = new() { Enabled = false } };
        var end = Learned.AddHours(20);
        var time = new Timeline(quiet, TimeSpan.FromMinutes(1));
        time.Until(Learned, _ => [Known]);
        Assert.Equal("EgressBeaconing", Assert.Single(time.Until(Learned.AddHours(14), Beat)).AlertName);
        time.Restart(quiet with { Policies = [Allow() with { Until = end }] });
        Assert.Empty(time.Step());
        Assert.Empty(time.Until(end, Beat));
        Assert.Equal("EgressBeaconing", Assert.Single(time.Until(end.AddHours(14), Beat)).AlertName);

        static IReadOnlyList<NamedIncrement> Beat(DateTimeOffset at) => at.Minute % 5 == 0 ? [Timeline.To("api.partner.com", 700)] : [];
    }

    [Fact]
    public void An_allowed_region_is_not_outside_and_an_alert_about_it_ends()
    {
        var options = Options() with
        {
            NewDestination = new() { Enabled = false },
            OutsideRegion = new() { AllowedRegions = [new("shop", ["eu"])] },
        };
        var time = new Timeline(options);
        var abroad = Timeline.To("api.partner.com", 1) with { Destination = new("api.partner.com", NameSource.Ptr, true, Region: "us") };
        Assert.Equal("EgressOutsideRegion", Assert.Single(time.Step(abroad)).AlertName);
        time.Restart(options with { Policies = [Allow() with { Until = time.Now.AddMinutes(10) }] });
        Assert.Empty(time.Step());
        Assert.Empty(time.Step(abroad));
        Assert.Single(time.Step(abroad));
    }

    [Fact]
    public void An_expired_entry_forbids_nothing_and_lets_a_later_one_decide()
    {
        var forbid = new Policy("no", PolicyAction.Forbid, "critical", new(), new());
        var time = new Timeline(Options(Allow() with { Until = Timeline.Start.AddMinutes(5) }, forbid with { Until = Timeline.Start.AddMinutes(10) }));
        Assert.Empty(time.Step(Wanted));
        Assert.Equal("EgressForbidden", Assert.Single(time.Step(Wanted)).AlertName);
        Assert.Equal((1, 1), (time.PolicyHits["partner"].Hits, time.PolicyHits["no"].Hits));
        Assert.Empty(time.Until(time.Now.AddHours(2), _ => [Wanted]));
    }

    [Fact]
    public void A_forbidden_contact_ends_when_it_is_allowed()
    {
        var forbid = new Policy("no", PolicyAction.Forbid, "critical", new(), new());
        var time = new Timeline(Options(forbid));
        Assert.Single(time.Step(Wanted));
        time.Restart(Options(Allow(), forbid));
        Assert.Empty(time.Step());
    }

    [Fact]
    public void A_forged_claim_is_one_destination_under_the_name_of_its_address()
    {
        var time = new Timeline(Options());
        time.Until(Learned, _ => [Known]);
        var increment = Samples.Increment(Samples.Flow("141.95.33.98", host: "www.mailer.example.com", port: "80"), 2048, Metric.UploadBytes);
        var claimed = new NamedIncrement(increment, new("www.mailer.example.com", NameSource.Host, false), Stage: NameStage.Open);
        Assert.Empty(time.Step(claimed));
        var judged = new NamedIncrement(
            increment, new("vps-98.hoster.example.net", NameSource.Ptr, true),
            new RefutedClaim("www.mailer.example.com", NameSource.Host, "resolves to 145.14.30.7 (asked twice)"), NameStage.FinalLater);
        var findings = time.Step(judged);
        Assert.Equal(["EgressNameMismatch", "EgressNewDestination"], findings.Select(finding => finding.AlertName).Order(StringComparer.Ordinal));
        Assert.All(findings, finding => Assert.Equal("vps-98.hoster.example.net", finding.Destination));
        Assert.All(findings, finding => Assert.Contains("destination=\"vps-98.hoster.example.net\"", finding.Evidence, StringComparison.Ordinal));
    }

    private static NamedIncrement Known => Timeline.To("known.com", 1);

    private static NamedIncrement Wanted => Timeline.To("api.partner.com", 1);

    private static NamedIncrement To(string name, Workload source) => Timeline.To(name, 1, source: source);

    private static Policy Allow(PolicyDestination? to = null) =>
        new("partner", PolicyAction.Allow, "warning", new(), to ?? new() { Names = [new("api.partner.com")] });

    private static DetectionOptions Options(params IReadOnlyList<Policy> policies) => new()
    {
        Watchdog = new() { Enabled = false },
        Learning = TimeSpan.FromMinutes(30),
        NewDestination = new() { Hold = TimeSpan.FromHours(1) },
        Policies = policies,
    };

    private static Timeline Playing(params IReadOnlyList<Policy> policies) => new(Options(policies));
}
