using EgressAlerts.Common;

namespace EgressAlerts.Detection;

/// <summary>Finds the first policy that matches an activity. Called by the pass alone.</summary>
internal sealed class Policies(IReadOnlyList<Policy> policies)
{
    private readonly Remembered<IReadOnlyList<Policy>> _bySource = new(source =>
        [.. policies.Where(policy => AnyMatches(policy.Source.Namespaces, source.Namespace) && AnyMatches(policy.Source.Workloads, source.Name))]);

    public bool CanIgnore { get; } = policies.Any(policy => policy.Action == PolicyAction.Ignore);

    public bool IsEmpty => policies.Count == 0;

    public Policy? FirstMatch(FlowActivity activity)
    {
        foreach (var policy in _bySource[activity.Source])
        {
            if (Matches(policy, activity)) return policy;
        }

        return null;
    }

    private static bool AnyMatches(IReadOnlyList<Pattern> patterns, string text) => patterns.Count == 0 || patterns.Any(pattern => pattern.Matches(text));

    private static bool Matches(Policy policy, FlowActivity activity)
    {
        var (where, to, destination) = (policy.Destination, activity.To, activity.Destination);
        return (where.Routes.Count == 0 ? !activity.IsBlocked : where.Routes.Contains(activity.Flow.Route))
            && (where.Ports.Count == 0 || where.Ports.Contains(to.Port))
            && (where.Regions.Count == 0 || where.Regions.Contains(destination.Region))
            && (where.Cidrs.Count == 0 || (to.Address is { } address && where.Cidrs.Any(cidr => cidr.Contains(address))))
            && (where.Names.Count == 0 || where.Names.Any(name => IsCalled(name, policy.Action, to, destination)))
            && (where.PathPrefixes.Count == 0 || where.PathPrefixes.Any(prefix => activity.Tags.Has(PolicyTags.Path, prefix)))
            && policy.Source.Labels.All(label => activity.Tags.Has(label.Key, label.Value));
    }

    /// <summary>An unconfirmed name can accuse but not excuse, because malware would call its server like an allowed one.</summary>
    private static bool IsCalled(Pattern name, PolicyAction action, RawDestination to, Destination destination) =>
        name.Matches(destination.Name)
            ? destination.Confirmed || action == PolicyAction.Alert
            : action == PolicyAction.Alert && (name.Matches(to.Sni) || name.Matches(to.Host) || name.Matches(to.Service));
}
