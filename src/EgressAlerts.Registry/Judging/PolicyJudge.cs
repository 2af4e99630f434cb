using System.Globalization;
using EgressAlerts.Model;

namespace EgressAlerts.Registry;

/// <summary>Judges flows by AuthorizationPolicies. What metrics say nothing about may match or not.</summary>
internal sealed class PolicyJudge(IReadOnlyList<AuthorizationPolicy> policies, string rootNamespace, string trustDomain)
{
    private readonly ILookup<string, AuthorizationPolicy> _policies = policies.ToLookup(policy => policy.Name.Namespace);

    /// <summary>What the policies of an entry and of its waypoint say. Null where they let the flow out.</summary>
    public Judgement? Judge(ServiceEntry entry, SeenFlow flow, int port)
    {
        entry.Labels.TryGetValue("istio.io/use-waypoint", out var waypoint);
        if (waypoint == "none") return null;
        var home = entry.Labels.GetValueOrDefault("istio.io/use-waypoint-namespace", entry.Name.Namespace);
        // The waypoint of an entry without a label may be that of its namespace, whose labels are not known.
        return Judge(
            _policies[entry.Name.Namespace].Concat(home == entry.Name.Namespace ? [] : _policies[home]).Concat(
                    home == rootNamespace || entry.Name.Namespace == rootNamespace ? [] : _policies[rootNamespace])
                .Select(policy => (policy, Applies(policy, entry.Name, new(home, waypoint ?? ""), waypoint is null))),
            flow,
            port,
            entry);
    }

    /// <summary>What the policies of an egress gateway say. Null where they let the flow out.</summary>
    public Judgement? JudgeGateway(ResourceName gateway, SeenFlow flow, int port) => Judge(
        _policies[gateway.Namespace].Concat(gateway.Namespace == rootNamespace ? [] : _policies[rootNamespace])
            .Select(policy => (policy, AtGateway(policy, gateway))),
        flow,
        port,
        null);

    private static Match Applies(AuthorizationPolicy policy, ResourceName entry, ResourceName waypoint, bool isGuess) =>
        policy.Targets.Select(target => target.Kind switch
        {
            "ServiceEntry" when policy.Name.Namespace == entry.Namespace && target.Name == entry.Name => Match.Yes,
            "Gateway" when policy.Name.Namespace == waypoint.Namespace && target.Name == waypoint.Name => Match.Yes,
            "Gateway" when policy.Name.Namespace == waypoint.Namespace && isGuess => Match.Maybe,
            "GatewayClass" => Match.Maybe,
            _ => Match.No,
        }).DefaultIfEmpty(Match.No).Max();

    private static Match AtGateway(AuthorizationPolicy policy, ResourceName gateway) =>
        policy.Targets.Count > 0
            ? policy.Name.Namespace == gateway.Namespace && policy.Targets.Contains(new("Gateway", gateway.Name)) ? Match.Yes : Match.No
        : policy.Selector is null ? Match.Yes
        // The labels of the gateway's pods are not known.
        : Match.Maybe;

    private Judgement? Judge(IEnumerable<(AuthorizationPolicy Policy, Match Applies)> all, SeenFlow flow, int port, ServiceEntry? entry)
    {
        var known = all.Where(one => one.Applies != Match.No && one.Policy.Action != PolicyAction.Audit)
            .Select(one => (one.Policy, one.Applies, Matches: one.Policy.Rules.Select(rule => Matches(rule, flow, port)).DefaultIfEmpty(Match.No).Max()))
            .ToList();
        Judgement? open = null;
        foreach (var (policy, applies, matches) in known.Where(one => one.Policy.Action is PolicyAction.Deny or PolicyAction.Custom && one.Matches != Match.No))
        {
            if ((policy.Action, applies, matches) is (PolicyAction.Deny, Match.Yes, Match.Yes))
                return new(Outcome.Refused, $"AuthorizationPolicy {policy.Name} denies it.", entry, policy.Name, IsPolicy: true);
            open ??= NotJudged(policy, entry);
        }

        if (open is not null) return open;
        var allow = known.Where(one => one.Policy.Action == PolicyAction.Allow).ToList();
        if (allow.Count == 0 || allow.Exists(one => (one.Applies, one.Matches) is (Match.Yes, Match.Yes))) return null;
        if (allow.Find(one => one.Matches != Match.No) is { Policy: { } maybe }) return NotJudged(maybe, entry);
        return allow.Find(one => one.Applies == Match.Yes) is { Policy: { } strict }
            ? new(Outcome.Refused, $"AuthorizationPolicy {strict.Name} allows other traffic and no rule matches this.", entry, strict.Name, IsPolicy: true)
            : NotJudged(allow[0].Policy, entry);
    }

    private static Judgement NotJudged(AuthorizationPolicy policy, ServiceEntry? entry)
    {
        var unjudged = policy.Rules.SelectMany(rule => rule.From.Select(from => from.Unjudged).Concat(rule.To.Select(to => to.Unjudged)).Prepend(rule.Unjudged))
            .FirstOrDefault(key => key.Length > 0);
        var reason = policy.Action == PolicyAction.Custom ? "an external provider decides"
            : unjudged is not null ? $"metrics say nothing about '{unjudged}'"
            : "metrics do not tell the labels or identities that it names";
        return new(Outcome.Unknown, $"AuthorizationPolicy {policy.Name} may decide, and {reason}.", entry, policy.Name, IsPolicy: true);
    }

    private Match Matches(PolicyRule rule, SeenFlow flow, int port) => All(
        rule.From.Select(from => Matches(from, flow)).DefaultIfEmpty(Match.Yes).Max(),
        rule.To.Select(to => Matches(to, flow, port)).DefaultIfEmpty(Match.Yes).Max(),
        rule.Unjudged.Length > 0 ? Match.Maybe : Match.Yes);

    private Match Matches(PolicySource source, SeenFlow flow) => All(
        Any(source.Namespaces, flow.Source.Namespace),
        None(source.NotNamespaces, flow.Source.Namespace),
        source.Principals.Select(principal => Principal(principal, flow.Source.Namespace)).DefaultIfEmpty(Match.Yes).Max(),
        Not(source.NotPrincipals.Select(principal => Principal(principal, flow.Source.Namespace)).DefaultIfEmpty(Match.No).Max()),
        source.Unjudged.Length > 0 ? Match.Maybe : Match.Yes);

    private static Match Matches(PolicyOperation operation, SeenFlow flow, int port)
    {
        var name = flow.Destination.Name.ToLowerInvariant();
        var at = port.ToString(CultureInfo.InvariantCulture);
        var isNamed = flow.Destination.Source is NameSource.Host or NameSource.Registry && !HostName.IsWildcard(name);
        var hosts = All(
            flow.Protocol == Protocol.Tcp && operation.Hosts.Count > 0 ? Match.No : Named(Any(operation.Hosts, name), operation.Hosts, isNamed),
            Named(None(operation.NotHosts, name), operation.NotHosts, isNamed));
        var ports = port == 0 && operation.Ports.Count + operation.NotPorts.Count > 0
            ? Match.Maybe
            : All(Any(operation.Ports, at), None(operation.NotPorts, at));
        return All(hosts, ports, operation.Unjudged.Length > 0 ? Match.Maybe : Match.Yes);
    }

    private static Match Named(Match match, IReadOnlyList<string> hosts, bool isNamed) => hosts.Count == 0 || isNamed ? match : Match.Maybe;

    /// <summary>An identity is <c>trust-domain/ns/namespace/sa/account</c>. Metrics tell its namespace, and not always its account.</summary>
    private Match Principal(string pattern, string ns)
    {
        var begin = $"{trustDomain}/ns/{ns}/sa/";
        if (pattern == "*" || pattern == begin + "*") return Match.Yes;
        if (pattern.EndsWith('*'))
        {
            var prefix = pattern[..^1];
            return begin.StartsWith(prefix, StringComparison.Ordinal) ? Match.Yes : Like(prefix.StartsWith(begin, StringComparison.Ordinal));
        }

        if (pattern.StartsWith('*'))
            return Like(!pattern.Contains("/ns/", StringComparison.Ordinal) || pattern.Contains($"/ns/{ns}/sa/", StringComparison.Ordinal));
        return Like(pattern.StartsWith(begin, StringComparison.Ordinal));
    }

    private static Match Like(bool maybe) => maybe ? Match.Maybe : Match.No;

    private static Match Any(IReadOnlyList<string> patterns, string text) =>
        patterns.Count == 0 || patterns.Any(pattern => new Pattern(pattern).Matches(text)) ? Match.Yes : Match.No;

    private static Match None(IReadOnlyList<string> patterns, string text) =>
        patterns.Any(pattern => new Pattern(pattern).Matches(text)) ? Match.No : Match.Yes;

    private static Match Not(Match match) => (Match)(Match.Yes - match);

    private static Match All(params ReadOnlySpan<Match> all)
    {
        var least = Match.Yes;
        foreach (var one in all) least = one < least ? one : least;
        return least;
    }

    private enum Match
    {
        No,
        Maybe,
        Yes,
    }
}
