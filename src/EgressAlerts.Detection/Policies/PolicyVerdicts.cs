using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Detection;

/// <summary>Says what policies make of traffic that is described, such as an exported counter. Immutable, so any thread may ask.</summary>
/// <remarks>Labels and paths are not known of such traffic. So a policy that asks for some does not match it.</remarks>
/// <param name="end">The end of the last window. Entries that have ended by then do not match.</param>
public sealed class PolicyVerdicts(IReadOnlyList<Policy> policies, DateTimeOffset end)
{
    private readonly PolicyRule[] _rules = [.. policies.Where(policy => !policy.IsExpired(end)).Select(policy => new PolicyRule(policy))];

    /// <summary>The policies of a configuration and of its files, as they are now.</summary>
    public static PolicyVerdicts Read(DetectionOptions options, DateTimeOffset end) => new(new WatchedPolicies(options, NullLogger.Instance).Current, end);

    /// <summary>What the first policy that matches says; null where none matches.</summary>
    public PolicyAction? Find(Flow flow, Destination destination) => FindPolicy(flow, destination)?.Action;

    /// <summary>The first policy that matches; null where none matches.</summary>
    public Policy? FindPolicy(Flow flow, Destination destination)
    {
        var activity = new FlowActivity(flow, destination, default);
        foreach (var rule in _rules)
        {
            if (rule.IsAbout(flow.Source) && rule.FirstMiss(activity) is null) return rule.Policy;
        }

        return null;
    }
}
