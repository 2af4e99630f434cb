namespace EgressAlerts.Detection;

/// <summary>Finds the first policy that matches an activity. Called by the pass alone, except for <see cref="Rules"/>.</summary>
internal sealed class Policies
{
    /// <summary>The policies that may match what a workload does.</summary>
    private readonly Remembered<IReadOnlyList<PolicyRule>> _bySource;

    public Policies(IReadOnlyList<Policy> policies)
    {
        Rules = [.. policies.Select(policy => new PolicyRule(policy))];
        CanIgnore = policies.Any(policy => policy.Action == PolicyAction.Ignore);
        _bySource = new(source => [.. Rules.Where(rule => rule.IsAbout(source))]);
    }

    /// <summary>All policies in their order. Any thread.</summary>
    public IReadOnlyList<PolicyRule> Rules { get; }

    public bool CanIgnore { get; }

    public bool IsEmpty => Rules.Count == 0;

    /// <param name="hits">Told of each policy before the match for which the activity lacks nothing but a verified name.</param>
    public Policy? FirstMatch(FlowActivity activity, PolicyHits? hits = null)
    {
        foreach (var rule in _bySource[activity.Source])
        {
            if (rule.FirstMiss(activity) is not { } miss) return rule.Policy;
            if (hits is not null && rule.IsNearMiss(miss, activity)) hits.Miss(rule.Policy, activity);
        }

        return null;
    }
}
