using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressBlocked</c>: the mesh refused to let traffic out.</summary>
internal sealed class BlockedDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "The mesh blocked traffic to a destination that is not registered.", tuning, metrics, state)
{
    public const string Name = "EgressBlocked";

    protected override DetectorOptions OptionsOf(DetectionOptions all) => all.Blocked;

    protected override bool MayMatch(WorkloadTraffic by) => by.Signs.HasFlag(Signs.Blocked);

    protected override Match? Match(WorkloadTraffic by, Traffic traffic, DateTimeOffset now) => traffic.IsBlocked ? new("") : null;

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} tried to reach {Text.Of(episode.Flow, episode.Destination)} and was refused {Text.Times(episode.Count)} "
        + $"between {Text.Time(episode.First)} and {Text.Time(episode.Last)}. Expected: none. If this traffic is wanted, register the host with a ServiceEntry.";
}
