namespace EgressAlerts.Detection;

/// <summary><c>EgressOutsideRegion</c>: a namespace that is to keep to some regions talks to another one.</summary>
/// <remarks>Regions come from <c>networks</c>, provider files and MaxMind databases. An address without a known region is never found.</remarks>
internal sealed class OutsideRegionDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "A workload talks to a region that its namespace is to keep out of.", tuning, metrics, state)
{
    public const string Name = "EgressOutsideRegion";

    private readonly Tuning _tuning = tuning;

    protected override EpisodeOptions OptionsOf(DetectionOptions all) => all.OutsideRegion;

    protected override Match? Match(WorkloadActivity workload, FlowActivity activity) =>
        activity.Destination.Region is { Length: > 0 } region && !activity.IsBlocked
        && Allowed(workload.Options, workload.Source) is { } allowed && !allowed.Contains(region) ? new(region) : null;

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Wording.Destination(episode.Flow, episode.Destination)} in {episode.Detail}. {Wording.Amount(episode)}. "
        + $"Expected: {string.Join(", ", Allowed(_tuning.OptionsFor(source), source) ?? [])} alone.";

    private static IReadOnlyList<string>? Allowed(DetectionOptions options, Workload source) =>
        options.OutsideRegion.Of(source.Namespace);
}
