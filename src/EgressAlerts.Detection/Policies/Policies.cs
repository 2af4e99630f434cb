namespace EgressAlerts.Detection;

/// <summary>Finds the first policy that matches an activity. Called by the pass alone, except for <see cref="Rules"/>.</summary>
internal sealed class Policies
{
    /// <summary>The policies that may match what a workload does.</summary>
    private readonly Remembered<IReadOnlyList<PolicyRule>> _bySource;
    private readonly bool _canAllow;

    public Policies(IReadOnlyList<Policy> policies)
    {
        Rules = [.. policies.Select(policy => new PolicyRule(policy))];
        _canAllow = policies.Any(policy => policy.Action == PolicyAction.Allow);
        _bySource = new(source => [.. Rules.Where(rule => rule.IsAbout(source))]);
    }

    /// <summary>All policies in their order. Any thread.</summary>
    public IReadOnlyList<PolicyRule> Rules { get; }

    public bool IsEmpty => Rules.Count == 0;

    /// <param name="end">The end of the window. Entries that have ended by then do not match.</param>
    /// <param name="hits">Told of each policy before the match for which the activity lacks nothing but a verified name.</param>
    public Policy? FirstMatch(FlowActivity activity, DateTimeOffset end, PolicyHits? hits = null)
    {
        foreach (var rule in _bySource[activity.Source])
        {
            if (rule.Policy.IsExpired(end)) continue;
            if (rule.FirstMiss(activity) is not { } miss) return rule.Policy;
            if (hits is not null && rule.IsNearMiss(miss, activity)) hits.Miss(rule.Policy, activity);
        }

        return null;
    }

    /// <summary>Whether a contact of earlier windows is allowed now, so that an alert about it is to end.</summary>
    /// <remarks>Its labels and paths are not known any more. Where they could decide, the contact is not taken as allowed.</remarks>
    public bool Allows(Flow flow, Destination destination, DateTimeOffset end)
    {
        if (!_canAllow) return false;
        var activity = new FlowActivity(flow, destination, default);
        foreach (var rule in _bySource[flow.Source])
        {
            if (rule.Policy.IsExpired(end)) continue;
            if (rule.FirstMiss(activity) is not { } miss) return rule.Policy.Action == PolicyAction.Allow;
            if (miss.Key is PolicyCondition.PathPrefixes or PolicyCondition.Labels && rule.Policy.Action != PolicyAction.Allow) return false;
        }

        return false;
    }
}
