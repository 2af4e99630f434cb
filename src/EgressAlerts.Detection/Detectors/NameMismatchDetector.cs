namespace EgressAlerts.Detection;

/// <summary><c>EgressNameMismatch</c>: a client claims a name that does not lead to the address it talks to.</summary>
internal sealed class NameMismatchDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, tuning, metrics, state)
{
    public const string Name = "EgressNameMismatch";

    protected override EpisodeOptions OptionsOf(DetectionOptions all) => all.NameMismatch;

    protected override Match? Match(WorkloadActivity workload, FlowActivity activity) => activity.Refuted is { } claim && !activity.IsBlocked
        ? new($"{(claim.Source == NameSource.Sni ? "the TLS server name" : "the Host header")} {Wording.Unlinked(claim.Name)}, which {claim.Evidence}")
        : null;

    /// <summary>The client's name for it is the false one, and a reverse name does not say who uses the address.</summary>
    protected override bool IsNameTold => false;

    protected override string Summarize(Workload source, Episode episode) =>
        $"{source} used a false name: it claimed {episode.Detail.Split(", which ")[0]} and went to {Wording.Place(episode)}";

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Wording.Destination(episode.Flow, episode.Destination)} under {episode.Detail}. "
        + $"Seen: {Wording.Amount(episode)}. The metrics call this destination {Wording.Name(episode.Destination.Name, episode.Destination.Confirmed)}, "
        + "after its address and not after the claim.";

    protected override FindingFacts Facts(Workload source, Episode episode) =>
        new("a name that does not lead to the address", "a name that DNS resolves to the address", "dns.confirm");
}
