namespace EgressAlerts.Detection;

/// <summary><c>EgressForbidden</c>: the first policy that matches says <c>forbid</c>.</summary>
internal sealed class ForbiddenDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, tuning, metrics, state)
{
    public const string Name = "EgressForbidden";

    protected override EpisodeOptions OptionsOf(DetectionOptions all) => all.Forbidden;

    protected override bool IsAboutContact => true;

    protected override Match? Match(WorkloadActivity workload, FlowActivity activity) =>
        activity.Policy is { Action: PolicyAction.Forbid } policy ? new(Matched(policy, activity), policy.Severity) : null;

    protected override string Summarize(Workload source, Episode episode) =>
        $"{source} broke policy {episode.Detail.Split(" (")[0]}: {Wording.Sum(episode)} to {Wording.Place(episode)}";

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} {Wording.Contact(episode)} {Wording.Destination(episode.Flow, episode.Destination)}. It is forbidden by policy {episode.Detail}. "
        + $"Seen: {Wording.Amount(episode)}.{Wording.Outcome(episode)}";

    protected override FindingFacts Facts(Workload source, Episode episode) => new(Wording.Sum(episode), "nothing", "policies");

    /// <summary>The policy, and what of the destination met its conditions.</summary>
    private static string Matched(Policy policy, FlowActivity activity)
    {
        var matched = PolicyCondition.Matched(policy, activity);
        return matched.Length > 0 ? $"{policy.Name} (matched: {matched})" : policy.Name;
    }
}
