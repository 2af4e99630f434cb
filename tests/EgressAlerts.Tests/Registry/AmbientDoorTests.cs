using EgressAlerts.Model;
using EgressAlerts.Registry;

namespace EgressAlerts.Tests.Registry;

/// <summary>Ambient mode, where entries decide together with AuthorizationPolicies.</summary>
public sealed class AmbientDoorTests
{
    private static readonly ServiceEntry Stripe =
        new(new("payments", "stripe"), ["api.stripe.com"], [], [new(443, "tls", EntryProtocol.Tls)], Resolution.Dns, []);

    private static readonly PolicyRule Checkout = new([Source(namespaces: ["checkout"])], []);

    // https://istio.io/latest/docs/reference/config/networking/service-entry/ "Ztunnel and Waypoint proxies not support this field and will read it at "*"."
    [Fact]
    public void Ambient_ignores_exportTo() => Assert.Equal(Outcome.Passes, Judge(Stripe with { ExportTo = ["."] }).Outcome);

    // https://istio.io/latest/docs/reference/config/networking/service-entry/ "Ztunnel and Waypoint proxies do not support wildcard hosts."
    // "`DYNAMIC_DNS` is only supported for wildcard hosts".
    [Theory]
    [InlineData(Resolution.None, Outcome.Refused)]
    [InlineData(Resolution.DynamicDns, Outcome.Passes)]
    public void Ambient_takes_wildcards_only_with_DYNAMIC_DNS(Resolution resolution, Outcome outcome) =>
        Assert.Equal(outcome, Judge(Stripe with { Hosts = ["*.stripe.com"], Resolution = resolution }).Outcome);

    [Fact]
    public void Without_an_entry_traffic_goes_past_the_waypoint_and_the_reason_says_who_has_to_refuse_it()
    {
        var verdict = Judge(Stripe with { Hosts = ["api.adyen.com"] });
        Assert.Equal(Outcome.Refused, verdict.Outcome);
        Assert.Contains("ztunnel itself does not enforce REGISTRY_ONLY, so a NetworkPolicy has to refuse it.", verdict.Why, StringComparison.Ordinal);
    }

    // https://istio.io/latest/docs/reference/config/security/authorization-policy/ "Allow a request only if it matches the rules."
    [Fact]
    public void An_ALLOW_policy_refuses_what_no_rule_matches()
    {
        Assert.Equal(Outcome.Passes, Judge(Stripe, Policy(PolicyAction.Allow, Checkout)).Outcome);
        var other = Judge(Stripe, Policy(PolicyAction.Allow, new PolicyRule([Source(namespaces: ["batch"])], [])));
        Assert.Equal(new(Outcome.Refused, "AuthorizationPolicy payments/p allows other traffic and no rule matches this.", new("payments", "p")), other);
        // "If not set, the match will never occur. This is equivalent to setting a default of deny for the target workloads if the action is ALLOW."
        Assert.Equal(Outcome.Refused, Judge(Stripe, Policy(PolicyAction.Allow)).Outcome);
    }

    // https://istio.io/latest/docs/concepts/security/#implicit-enablement: CUSTOM is evaluated first, then DENY, then ALLOW.
    // https://istio.io/latest/docs/reference/config/security/authorization-policy/ "Deny a request if it matches any of the rules."
    [Fact]
    public void A_DENY_policy_decides_before_an_ALLOW_policy() => Assert.Equal(
        Outcome.Refused,
        Judge(Stripe, Policy(PolicyAction.Allow, Checkout), Policy(PolicyAction.Deny, Checkout) with { Name = new("payments", "deny") }).Outcome);

    // https://istio.io/latest/docs/reference/config/security/authorization-policy/ "A list of negative match of namespaces."
    [Fact]
    public void Negative_namespaces_match_all_others()
    {
        Assert.Equal(Outcome.Passes, Judge(Stripe, Policy(PolicyAction.Deny, new PolicyRule([Source(notNamespaces: ["checkout"])], []))).Outcome);
        Assert.Equal(Outcome.Refused, Judge(Stripe, Policy(PolicyAction.Deny, new PolicyRule([Source(notNamespaces: ["batch"])], []))).Outcome);
    }

    // https://istio.io/latest/docs/reference/config/security/authorization-policy/
    // "The peer identity is in the format of "<TRUST_DOMAIN>/ns/<NAMESPACE>/sa/<SERVICE_ACCOUNT>""
    [Theory]
    [InlineData("cluster.local/ns/checkout/*", Outcome.Passes)]
    [InlineData("cluster.local/ns/checkout/sa/*", Outcome.Passes)]
    [InlineData("*", Outcome.Passes)]
    [InlineData("cluster.local/ns/checkout/sa/api", Outcome.Unknown)]
    [InlineData("*/sa/api", Outcome.Unknown)]
    [InlineData("cluster.local/ns/batch/sa/api", Outcome.Refused)]
    [InlineData("*/ns/batch/sa/api", Outcome.Refused)]
    public void Principals_are_judged_as_far_as_their_namespace(string principal, Outcome outcome) =>
        Assert.Equal(outcome, Judge(Stripe, Policy(PolicyAction.Allow, new PolicyRule([Source(principals: [principal])], []))).Outcome);

    // https://istio.io/latest/docs/reference/config/security/authorization-policy/ "A list of ports as specified in the connection."
    [Theory]
    [InlineData("443", "", Outcome.Passes)]
    [InlineData("8443", "", Outcome.Refused)]
    [InlineData("443", "methods", Outcome.Unknown)]
    [InlineData("8443", "methods", Outcome.Refused)]
    public void Metrics_say_nothing_about_methods_which_matters_only_where_all_else_matches(string port, string unjudged, Outcome outcome) => Assert.Equal(
        outcome,
        Judge(Stripe, Policy(PolicyAction.Allow, new PolicyRule([], [new([], [], [port], [], unjudged)]))).Outcome);

    // https://istio.io/latest/docs/reference/config/security/authorization-policy/ "The CUSTOM action allows an extension to handle the user request if the
    // matching rules evaluate to true."
    [Fact]
    public void A_CUSTOM_policy_leaves_it_unknown() => Assert.Equal(Outcome.Unknown, Judge(Stripe, Policy(PolicyAction.Custom, Checkout)).Outcome);

    // https://istio.io/latest/docs/reference/config/security/authorization-policy/
    // "`kind: Gateway` with `group: gateway.networking.k8s.io` in the same namespace."
    [Fact]
    public void A_policy_of_the_waypoint_that_the_entrys_label_names_decides_too()
    {
        var labelled = Stripe with
        {
            Labels = new Dictionary<string, string> { ["istio.io/use-waypoint"] = "egress", ["istio.io/use-waypoint-namespace"] = "istio-egress" },
        };
        var policy = Policy(PolicyAction.Deny, Checkout) with { Name = new("istio-egress", "p"), Targets = [new("Gateway", "egress")] };
        Assert.Equal(Outcome.Refused, Judge(labelled, policy).Outcome);
        Assert.Equal(Outcome.Passes, Judge(labelled, policy with { Targets = [new("Gateway", "other")] }).Outcome);
    }

    // https://istio.io/latest/docs/reference/config/security/authorization-policy/
    // "Waypoint proxies are required to use this field for policies to apply; `selector` policies will be ignored."
    [Fact]
    public void A_policy_without_targetRefs_does_not_count_at_a_waypoint() =>
        Assert.Equal(Outcome.Passes, Judge(Stripe, Policy(PolicyAction.Deny, Checkout) with { Targets = [] }).Outcome);

    [Fact]
    public void What_ztunnel_does_not_identify_is_unknown() => Assert.Equal(
        Outcome.Unknown,
        new Door(MeshRegistry.Of([Stripe]), MeshMode.Ambient, registryOnly: true).Judge(Flow with { Route = Route.Unidentified }).Outcome);

    private static SeenFlow Flow => new(new("checkout", "api"), new("api.stripe.com", NameSource.Sni, true), "443", Route.Passthrough, Protocol.Tcp, []);

    private static Verdict Judge(ServiceEntry entry, params AuthorizationPolicy[] policies) =>
        new Door(MeshRegistry.Of([entry], policies: policies), MeshMode.Ambient, registryOnly: true).Judge(Flow);

    private static AuthorizationPolicy Policy(PolicyAction action, params PolicyRule[] rules) =>
        new(new("payments", "p"), action, [new("ServiceEntry", "stripe")], null, rules);

    private static PolicySource Source(string[]? namespaces = null, string[]? notNamespaces = null, string[]? principals = null) =>
        new(namespaces ?? [], notNamespaces ?? [], principals ?? [], []);
}
