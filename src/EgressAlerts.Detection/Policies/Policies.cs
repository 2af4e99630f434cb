using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>Finds the first policy that matches traffic. Called by the pass alone.</summary>
internal sealed class Policies(IReadOnlyList<Policy> policies)
{
    private const int MaxRemembered = 100_000;

    private readonly Dictionary<Workload, IReadOnlyList<Policy>> _about = [];

    public bool CanIgnore { get; } = policies.Any(policy => policy.Action == PolicyAction.Ignore);

    public bool IsEmpty => policies.Count == 0;

    public Policy? First(Traffic traffic)
    {
        foreach (var policy in About(traffic.Flow.Source))
        {
            if (Matches(policy, traffic)) return policy;
        }

        return null;
    }

    /// <summary>The policies that are about a workload.</summary>
    private IReadOnlyList<Policy> About(Workload source)
    {
        if (_about.TryGetValue(source, out var known)) return known;
        if (_about.Count == MaxRemembered) _about.Clear();
        IReadOnlyList<Policy> about = [.. policies.Where(policy => AnyOf(policy.Source.Namespaces, source.Namespace) && AnyOf(policy.Source.Workloads, source.Name))];
        _about.Add(source, about);
        return about;
    }

    private static bool AnyOf(IReadOnlyList<Pattern> patterns, string text) => patterns.Count == 0 || patterns.Any(pattern => pattern.Matches(text));

    private static bool Matches(Policy policy, Traffic traffic)
    {
        var (to, flow, destination) = (policy.Destination, traffic.Flow, traffic.Destination);
        return (to.Routes.Count == 0 ? !traffic.IsBlocked : to.Routes.Contains(flow.Route))
            && (to.Ports.Count == 0 || to.Ports.Contains(flow.To.Port))
            && (to.Regions.Count == 0 || to.Regions.Contains(destination.Region))
            && (to.Cidrs.Count == 0 || (flow.To.Address is { } address && to.Cidrs.Any(cidr => cidr.Contains(address))))
            && (to.Names.Count == 0 || to.Names.Any(name => IsCalled(name, policy.Action, flow.To, destination)))
            && (to.PathPrefixes.Count == 0 || to.PathPrefixes.Any(prefix => traffic.Tags.Has(PolicyTags.Path, prefix)))
            && policy.Source.Labels.All(label => traffic.Tags.Has(label.Key, label.Value));
    }

    /// <summary>Whoever does what is forbidden would call his server like an allowed one: what is only claimed can accuse, not excuse.</summary>
    private static bool IsCalled(Pattern name, PolicyAction action, RawDestination to, Destination destination) =>
        name.Matches(destination.Name)
            ? destination.Confirmed || action == PolicyAction.Alert
            : action == PolicyAction.Alert && (name.Matches(to.Sni) || name.Matches(to.Host) || name.Matches(to.Service));
}
