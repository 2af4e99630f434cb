namespace EgressAlerts.Detection;

/// <summary><c>EgressBlocked</c>: the mesh refused to let traffic out.</summary>
internal sealed class BlockedDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, tuning, metrics, state)
{
    public const string Name = "EgressBlocked";

    protected override EpisodeOptions OptionsOf(DetectionOptions all) => all.Blocked;

    protected override Match? Match(WorkloadActivity workload, FlowActivity activity) => activity.IsBlocked ? new("") : null;

    protected override string Summarize(Workload source, Episode episode) =>
        $"{source} was blocked from {Wording.Place(episode)} ({Wording.Attempts(episode.Count)})";

    protected override string Describe(Workload source, Episode episode) =>
        $"Istio refused {Wording.Attempts(episode.Count)} of {source} to reach {Wording.Destination(episode.Flow, episode.Destination)} "
        + $"{Wording.Span(episode)}. "
        + (IsByPolicy(episode)
            ? "A ServiceEntry registers it, and an AuthorizationPolicy at a waypoint or an egress gateway refused it. Nothing left the mesh. "
                + "If this traffic is wanted, allow it in that policy."
            : "No ServiceEntry registers it, so nothing left the mesh. If this traffic is wanted, register the host with a ServiceEntry.")
        + " If it is not wanted, find out which program in the pod tries it.";

    /// <summary>REGISTRY_ONLY refuses what has no entry. So it was a policy that refused what has one.</summary>
    private static bool IsByPolicy(Episode episode) => episode.Flow.To.Service.Length > 0;

    protected override FindingFacts Facts(Workload source, Episode episode) =>
        new($"refused {Wording.Times(episode.Count)}", "no attempt", "detection.blocked.severity");
}
