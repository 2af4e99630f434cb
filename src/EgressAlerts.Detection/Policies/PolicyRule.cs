namespace EgressAlerts.Detection;

/// <summary>A policy as the conditions that it gives. Immutable, so any thread may ask it.</summary>
/// <remarks>The conditions on the destination's name come last. So whoever misses only them meets all others.</remarks>
internal sealed class PolicyRule(Policy policy)
{
    private readonly PolicyCondition<Workload>[] _onSource = [.. PolicyCondition.OnSource(policy)];
    private readonly PolicyCondition<FlowActivity>[] _onTraffic = [.. PolicyCondition.OnTraffic(policy)];

    public Policy Policy => policy;

    /// <summary>Whether the policy may match what a workload does.</summary>
    public bool IsAbout(Workload source) => _onSource.All(condition => condition.Holds(source));

    /// <summary>The first condition that an activity of such a workload does not meet. Null where the policy matches.</summary>
    public PolicyCondition<FlowActivity>? FirstMiss(FlowActivity activity)
    {
        foreach (var condition in _onTraffic)
        {
            if (!condition.Holds(activity)) return condition;
        }

        return null;
    }

    /// <summary>Whether an activity lacks nothing but a verified name, where this is the condition that it misses.</summary>
    public bool IsNearMiss(PolicyCondition<FlowActivity> miss, FlowActivity activity) =>
        policy.Action != PolicyAction.Forbid && miss.Key == PolicyCondition.Names
        && ((!activity.Destination.Confirmed && PolicyCondition.IsNamed(policy, activity)) || PolicyCondition.IsClaimed(policy, activity));

    /// <summary>Why the policy does not match an activity, as a sentence. Null where it does.</summary>
    public string? WhyNot(FlowActivity activity, DateTimeOffset now)
    {
        if (policy.IsExpired(now)) return $"until: the entry ended with {UntilAttribute.Text(policy.Until!.Value)}";
        if (_onSource.FirstOrDefault(condition => !condition.Holds(activity.Source)) is { } other) return other.Miss(activity.Source);
        if (FirstMiss(activity) is not { } miss) return null;
        return IsNearMiss(miss, activity)
            ? $"{miss.Key}: {miss.Found(activity)} would match, but nobody vouches for the name, and {policy.Action.LabelValue()} needs a verified one"
            : miss.Miss(activity);
    }
}
