using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary><c>EgressNameMismatch</c>: a client claims a name that does not lead to the address it talks to.</summary>
internal sealed class NameMismatchDetector(EpisodeOptions options, DetectionMetrics metrics)
    : EpisodeDetector(Name, "A workload claims a name that does not lead to the address it talks to.", options, metrics)
{
    public const string Name = "EgressNameMismatch";

    /// <summary>Whether a claim is false is known a minute late: what waited for that is settled, not seen, in this window.</summary>
    protected override IReadOnlyList<NamedIncrement> Watched(NamedReading named) => named.Settled;

    protected override string? Match(in NamedIncrement seen)
    {
        if (seen.Refuted is not { } claim || seen.Flow.Route == Route.Blocked) return null;
        return $"{(claim.Source == NameSource.Sni ? "the TLS server name" : "the Host header")} {Text.Unlinked(claim.Name)}, which {claim.Evidence}";
    }

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Text.Of(episode.Flow, episode.Destination)} under {episode.Detail}. {Text.Traffic(episode)}. The counters name this destination by its address.";
}
