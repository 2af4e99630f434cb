namespace EgressAlerts.Detection;

/// <summary>Says what policies make of traffic that is described, such as an exported counter. Immutable, so any thread may ask.</summary>
/// <remarks>Labels and paths are not known of such traffic. So a policy that asks for some does not match it.</remarks>
public sealed class PolicyVerdicts(IReadOnlyList<Policy> policies)
{
    private readonly PolicyRule[] _rules = [.. policies.Select(policy => new PolicyRule(policy))];

    /// <summary>What the first policy that matches says; null where none matches.</summary>
    public PolicyAction? Find(Flow flow, Destination destination)
    {
        var activity = new FlowActivity(flow, destination, default);
        foreach (var rule in _rules)
        {
            if (rule.IsAbout(flow.Source) && rule.FirstMiss(activity) is null) return rule.Policy.Action;
        }

        return null;
    }
}
