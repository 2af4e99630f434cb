namespace EgressAlerts.Detection;

/// <summary><c>EgressForbidden</c>: the first policy that matches says <c>forbid</c>.</summary>
internal sealed class ForbiddenDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "A workload does what a policy forbids.", tuning, metrics, state)
{
    public const string Name = "EgressForbidden";

    protected override EpisodeOptions OptionsOf(DetectionOptions all) => all.Forbidden;

    protected override bool IsAboutContact => true;

    protected override Match? Match(WorkloadActivity workload, FlowActivity activity) =>
        activity.Policy is { Action: PolicyAction.Forbid } policy ? new(Conditions(policy), policy.Severity) : null;

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} {Wording.Contact(episode)} {Wording.Destination(episode.Flow, episode.Destination)}, which policy {episode.Detail} forbids. "
        + $"{Wording.Amount(episode)}. Expected: nothing.";

    protected override FindingFacts Facts(Workload source, Episode episode) => new(Wording.Sum(episode), "nothing", "policies");

    private static string Conditions(Policy policy) =>
        policy.Destination.PathPrefixes.Count == 0 ? policy.Name : $"{policy.Name} (paths {string.Join(", ", policy.Destination.PathPrefixes)})";
}
