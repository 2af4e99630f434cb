using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Detection;

public sealed class PolicyTests
{
    private static readonly Policy Forbid = new("forbid", PolicyAction.Forbid, "critical", new(), new());

    [Fact]
    public void The_first_policy_that_matches_counts_and_an_alert_names_it()
    {
        var time = Playing(
            new("stripe", PolicyAction.Allow, "warning", new() { Namespaces = [new("shop")] }, new() { Names = [new("api.stripe.com")] }),
            Forbid with { Source = new() { Namespaces = [new("shop")] } });
        var findings = time.Step(
            Timeline.To("api.stripe.com", 10),
            Timeline.To("www.example.com", 2048),
            Timeline.To("www.example.com", 10, source: new("other", "cart")));
        var finding = Assert.Single(findings);
        Assert.Equal(
            ("EgressForbidden", "critical", Samples.Cart, "www.example.com"),
            (finding.AlertName, finding.Severity, finding.Source, finding.Destination));
        Assert.Contains("It is forbidden by policy forbid. Seen: 2 KiB sent out", finding.Description, StringComparison.Ordinal);
        time.Restart();
        Assert.Single(time.Step());
        Assert.Empty(time.Until(time.Now.AddHours(2), _ => []));
    }

    [Fact]
    public void A_name_that_nobody_vouches_for_can_accuse_but_not_excuse()
    {
        var allowed = Playing(new("ok", PolicyAction.Allow, "warning", new(), new() { Names = [new("*.stripe.com")] }), Forbid);
        var finding = Assert.Single(allowed.Step(Timeline.To("api.stripe.com", 1), Timeline.To("fake.stripe.com", 1, confirmed: false)));
        Assert.Equal("fake.stripe.com", finding.Destination);

        // The address has a name of its own, but the client says another: that is enough.
        var forbidden = Playing(Forbid with { Destination = new() { Names = [new("*.cnn.com")] } });
        var claimed = new NamedIncrement(
            Samples.Increment(Samples.Flow("52.0.0.1", sni: "www.cnn.com")),
            new Destination("vps.hoster.net", NameSource.Ptr, Confirmed: true));
        Assert.Equal("vps.hoster.net", Assert.Single(forbidden.Step(claimed, Timeline.To("cnn.com", 1))).Destination);
    }

    [Fact]
    public void Nothing_is_judged_before_its_name_is_final()
    {
        var detectors = Timeline.New(Options(new("ok", PolicyAction.Allow, "warning", new(), new() { Names = [new("api.stripe.com")] }), Forbid));
        var increment = Samples.Increment(Samples.Flow("52.0.0.1"));
        var unnamed = new NamedIncrement(increment, new Destination("52.0.0.1", NameSource.Ip, Confirmed: false));
        Assert.Empty(detectors.Observe(Samples.NamedAs(1, unnamed with { Stage = NameStage.Open })));
        var named = new NamedIncrement(increment, new Destination("api.stripe.com", NameSource.Ptr, Confirmed: true), Stage: NameStage.FinalLater);
        Assert.Empty(detectors.Observe(Samples.NamedAs(2, named)));
        Assert.Single(detectors.Observe(Samples.NamedAs(3, unnamed with { Stage = NameStage.FinalLater })));
    }

    [Fact]
    public void What_is_ignored_is_nothing_to_any_detector()
    {
        var time = new Timeline(new DetectionOptions
        {
            Watchdog = new() { Enabled = false },
            Policies =
            [
                new(
                    "scanner",
                    PolicyAction.Ignore,
                    "warning",
                    new() { Namespaces = [new("security")], Workloads = [new("scan*")] },
                    new() { Routes = [Route.Blocked] }),
            ],
        });
        IReadOnlyList<NamedIncrement> Scan(string workload) =>
        [
            .. Enumerable.Range(0, 30)
                .Select(i => Timeline.To($"t{i}.example.com", 1, source: new("security", workload), route: Route.Blocked)),
        ];
        Assert.Empty(time.Step(Scan("scanner")));
        Assert.Contains(time.Step(Scan("other")), finding => finding.AlertName == "EgressProbing");
    }

    [Theory]
    [InlineData("/politics", true)]
    [InlineData("/sport", false)]
    public void Paths_and_labels_match_where_the_mesh_tells_them(string prefix, bool expected)
    {
        var tags = PolicyTags.Of((PolicyTags.Path, "/politics"), ("source_version", "v2"));
        var traffic = new FlowActivity(Samples.Flow("52.0.0.1"), new Destination("www.cnn.com", NameSource.Registry, true), tags);
        Policies Of(string version) => new(
        [
            Forbid with
            {
                Source = new() { Labels = new Dictionary<string, string> { ["source_version"] = version } },
                Destination = new() { PathPrefixes = [prefix] },
            },
        ]);
        Assert.Equal(expected, Of("v2").FirstMatch(traffic, Timeline.Start) is not null);
        Assert.Null(Of("v1").FirstMatch(traffic, Timeline.Start));
        var untagged = new FlowActivity(Samples.Flow("52.0.0.1"), new Destination("www.cnn.com", NameSource.Registry, true), default);
        Assert.Null(Of("v2").FirstMatch(untagged, Timeline.Start));
    }

    [Fact]
    public void The_first_match_is_the_one_that_reading_the_rules_one_by_one_finds() => Prop.ForAll(
        (from rules in RuleGen().ListOf() from traffic in ActivityGen() select (rules: rules.ToList(), traffic)).ToArbitrary(),
        these =>
        {
            var expected = these.rules.FirstOrDefault(rule => Naive(rule, these.traffic));
            var policies = new Policies(these.rules);
            var (explained, decides) = PolicyExplainer.Explain(policies.Rules, these.traffic, Timeline.Start);
            return ReferenceEquals(policies.FirstMatch(these.traffic, Timeline.Start), expected) && ReferenceEquals(decides, expected)
                && explained.Select(policy => policy.Matches).SequenceEqual(these.rules.Select(rule => Naive(rule, these.traffic)));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_policy_tells_how_often_it_decided_and_how_often_only_a_verified_name_was_missing()
    {
        var time = Playing(
            new("stripe", PolicyAction.Allow, "warning", new() { Namespaces = [new("shop")] }, new() { Names = [new("*.stripe.com")], Ports = ["443"] }),
            new("never", PolicyAction.Allow, "warning", new(), new() { Ports = ["1"] }),
            Forbid);
        time.Step(
            Timeline.To("api.stripe.com", 1),
            Timeline.To("fake.stripe.com", 1, confirmed: false),
            Timeline.To("fake.stripe.com", 1, confirmed: false, source: new("other", "cart")),
            new(Samples.Increment(Samples.Flow("52.0.0.1", sni: "hooks.stripe.com")), new Destination("vps.hoster.net", NameSource.Ptr, Confirmed: true)));
        time.Step(Timeline.To("api.stripe.com", 1));
        var expected = new PolicyHit
        {
            Hits = 2,
            Since = Timeline.Start.AddMinutes(5),
            LastHit = time.Now,
            NearMisses = 2,
            LastNearMiss = time.Now.AddMinutes(-5),
            NearMissSource = "shop/cart",
            NearMissName = "hooks.stripe.com",
        };
        Assert.Equal(expected, time.PolicyHits["stripe"]);
        Assert.Equal(0, time.PolicyHits["never"].Hits);
        Assert.Equal((3, 0), (time.PolicyHits["forbid"].Hits, time.PolicyHits["forbid"].NearMisses));
        time.Restart();
        Assert.Equal(expected, time.PolicyHits["stripe"]);
    }

    [Fact]
    public void What_waits_for_its_name_counts_once_when_the_name_is_final()
    {
        var detectors = Timeline.New(Options(Forbid with { Action = PolicyAction.Ignore }));
        var increment = Timeline.To("52.0.0.1", 1);
        detectors.Observe(Samples.NamedAs(1, increment with { Stage = NameStage.Open }));
        Assert.Equal(0, detectors.PolicyHits["forbid"].Hits);
        detectors.Observe(Samples.NamedAs(2, increment with { Stage = NameStage.FinalLater }));
        Assert.Equal(1, detectors.PolicyHits["forbid"].Hits);
    }

    [Fact]
    public void A_policy_that_left_the_configuration_is_forgotten_with_its_hits()
    {
        var state = EgressAlerts.Storage.Store.InMemory().Read();
        var detectors = Timeline.New(Options(Forbid), state: state);
        detectors.Observe(Samples.NamedAs(1, Timeline.To("x.example.com", 1)));
        Assert.Single(detectors.PolicyHits);
        Assert.Empty(Timeline.New(Options(Forbid with { Name = "other" }), state: state).PolicyHits);
    }

    private static Gen<Policy> RuleGen() =>
        from action in Gen.Elements(PolicyAction.Allow, PolicyAction.Forbid, PolicyAction.Ignore)
        from ns in Gen.Elements<string[]>([], ["shop"], ["sh*"], ["other"])
        from names in Gen.Elements<string[]>([], ["a.example.com"], ["*.example.com"], ["b.example.org", "*"])
        from cidrs in Gen.Elements<string[]>([], ["52.0.0.0/16"], ["10.0.0.0/8", "52.0.0.1/32"])
        from ports in Gen.Elements<string[]>([], ["443"], ["80", "8080"])
        from routes in Gen.Elements<Route[]>([], [Route.Blocked], [Route.Passthrough, Route.Registered])
        select new Policy("p", action, "warning", new() { Namespaces = [.. ns.Select(text => new Pattern(text))] }, new()
        {
            Names = [.. names.Select(text => new Pattern(text))],
            Cidrs = [.. cidrs.Select(text => IPNetwork.Parse(text))],
            Ports = ports,
            Routes = routes,
        });

    private static Gen<FlowActivity> ActivityGen() =>
        from name in Gen.Elements("a.example.com", "b.example.org", "52.0.0.1")
        from confirmed in Gen.Elements(true, false)
        from sni in Gen.Elements("", "a.example.com")
        from address in Gen.Elements("", "52.0.0.1", "52.9.0.1")
        from port in Gen.Elements("", "443", "80")
        from route in Gen.Elements(Route.Passthrough, Route.Blocked, Route.Registered)
        select new FlowActivity(
            Samples.Flow(address, sni: sni, route: route, port: port),
            new Destination(name, NameSource.Ptr, confirmed),
            default);

    /// <summary>The words of the reference, said in another way.</summary>
    private static bool Naive(Policy policy, FlowActivity traffic)
    {
        var (to, flow) = (policy.Destination, traffic.Flow);
        if (policy.Source.Namespaces.Count > 0 && policy.Source.Namespaces[0].Text is not ("shop" or "sh*")) return false;
        if (to.Routes.Count == 0 ? flow.Route == Route.Blocked : !to.Routes.Contains(flow.Route)) return false;
        if (to.Ports.Count > 0 && !to.Ports.Contains(flow.To.Port)) return false;
        if (to.Cidrs.Count > 0 && flow.To.Address?.ToString() != "52.0.0.1") return false;
        if (to.Names.Count == 0) return true;
        var believed = traffic.Destination.Confirmed ? [traffic.Destination.Name] : new List<string>();
        if (policy.Action == PolicyAction.Forbid) believed.AddRange([traffic.Destination.Name, flow.To.Sni, flow.To.Host, flow.To.Service]);
        return to.Names.Any(name => believed.Any(text => name.Text switch
        {
            "*" => true,
            "*.example.com" => text == "a.example.com",
            _ => text == name.Text,
        }));
    }

    private static DetectionOptions Options(params IReadOnlyList<Policy> policies) => new() { Watchdog = new() { Enabled = false }, Policies = policies };

    private static Timeline Playing(params IReadOnlyList<Policy> policies) => new(Options(policies));
}
