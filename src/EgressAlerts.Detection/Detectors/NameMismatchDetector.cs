namespace EgressAlerts.Detection;

/// <summary><c>EgressNameMismatch</c>: a client claims a name that does not lead to the address it talks to.</summary>
internal sealed class NameMismatchDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "A workload claims a name that does not lead to the address it talks to.", tuning, metrics, state)
{
    public const string Name = "EgressNameMismatch";

    protected override EpisodeOptions OptionsOf(DetectionOptions all) => all.NameMismatch;

    protected override Match? Match(WorkloadActivity workload, FlowActivity activity) => activity.Refuted is { } claim && !activity.IsBlocked
        ? new($"{(claim.Source == NameSource.Sni ? "the TLS server name" : "the Host header")} {Wording.Unlinked(claim.Name)}, which {claim.Evidence}")
        : null;

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Wording.Destination(episode.Flow, episode.Destination)} under {episode.Detail}. {Wording.Amount(episode)}. "
        + "The counters name this destination by its address.";

    protected override FindingFacts Facts(Workload source, Episode episode) =>
        new("a name that does not lead to the address", "a name that DNS resolves to the address", "dns.confirm");
}
