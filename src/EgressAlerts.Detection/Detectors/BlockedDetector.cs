namespace EgressAlerts.Detection;

/// <summary><c>EgressBlocked</c>: the mesh refused to let traffic out.</summary>
internal sealed class BlockedDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "The mesh refused to let traffic out.", tuning, metrics, state)
{
    public const string Name = "EgressBlocked";

    protected override EpisodeOptions OptionsOf(DetectionOptions all) => all.Blocked;

    protected override Match? Match(WorkloadActivity workload, FlowActivity activity) => activity.IsBlocked ? new("") : null;

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} tried to reach {Wording.Destination(episode.Flow, episode.Destination)} and was refused {Wording.Times(episode.Count)} "
        + $"between {Wording.Time(episode.Since)} and {Wording.Time(episode.Last)}. "
        + (IsByPolicy(episode)
            ? "A ServiceEntry registers it, and an AuthorizationPolicy at a waypoint or an egress gateway refused it. "
                + "Expected: none. If this traffic is wanted, allow it there."
            : "Expected: none. If this traffic is wanted, register the host with a ServiceEntry.");

    /// <summary>REGISTRY_ONLY refuses what has no entry. So it was a policy that refused what has one.</summary>
    private static bool IsByPolicy(Episode episode) => episode.Flow.To.Service.Length > 0;

    protected override FindingFacts Facts(Workload source, Episode episode) =>
        new($"refused {Wording.Times(episode.Count)}", "no attempt", "detection.blocked.severity");
}
