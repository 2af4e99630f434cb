namespace EgressAlerts.Detection;

/// <summary><c>EgressBlocked</c>: the mesh refused to let traffic out.</summary>
internal sealed class BlockedDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "The mesh blocked traffic to a destination that is not registered.", tuning, metrics, state)
{
    public const string Name = "EgressBlocked";

    protected override EpisodeOptions OptionsOf(DetectionOptions all) => all.Blocked;

    protected override Match? Match(WorkloadActivity workload, FlowActivity activity) => activity.IsBlocked ? new("") : null;

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} tried to reach {Wording.Destination(episode.Flow, episode.Destination)} and was refused {Wording.Times(episode.Count)} "
        + $"between {Wording.Time(episode.Since)} and {Wording.Time(episode.Last)}. "
        + "Expected: none. If this traffic is wanted, register the host with a ServiceEntry.";

    protected override FindingFacts Facts(Workload source, Episode episode) =>
        new($"refused {Wording.Times(episode.Count)}", "no attempt", "detection.blocked.severity");
}
