using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressNameMismatch</c>: a client claims a name that does not lead to the address it talks to.</summary>
internal sealed class NameMismatchDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "A workload claims a name that does not lead to the address it talks to.", tuning, metrics, state)
{
    public const string Name = "EgressNameMismatch";

    protected override DetectorOptions OptionsOf(DetectionOptions all) => all.NameMismatch;

    /// <summary>Whether a claim is false is known a minute late: what waited for that is settled, not seen, in this window.</summary>
    protected override IEnumerable<WorkloadTraffic> Watched(Sighting sighting) => sighting.Settled;

    protected override bool MayMatch(WorkloadTraffic by) => by.Signs.HasFlag(Signs.Refuted);

    protected override Match? Match(WorkloadTraffic by, Traffic traffic, DateTimeOffset now) => traffic.Refuted is { } claim && !traffic.IsBlocked
        ? new($"{(claim.Source == NameSource.Sni ? "the TLS server name" : "the Host header")} {Text.Unlinked(claim.Name)}, which {claim.Evidence}")
        : null;

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Text.Of(episode.Flow, episode.Destination)} under {episode.Detail}. {Text.Traffic(episode)}. The counters name this destination by its address.";
}
