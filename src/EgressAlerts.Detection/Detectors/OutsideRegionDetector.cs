namespace EgressAlerts.Detection;

/// <summary><c>EgressOutsideRegion</c>: a namespace that is to keep to some regions talks to another one.</summary>
/// <remarks>Regions come from <c>networks</c>, provider files and MaxMind databases. An address without a known region is never found.</remarks>
internal sealed class OutsideRegionDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, tuning, metrics, state)
{
    public const string Name = "EgressOutsideRegion";

    private readonly Tuning _tuning = tuning;

    protected override EpisodeOptions OptionsOf(DetectionOptions all) => all.OutsideRegion;

    protected override bool IsAboutContact => true;

    protected override Match? Match(WorkloadActivity workload, FlowActivity activity) =>
        !activity.IsAllowed && IsOutside(Allowed(workload.Options, workload.Source), activity) ? new(activity.Destination.Region) : null;

    protected override string Summarize(Workload source, Episode episode) =>
        $"{source} talked to {episode.Detail}, outside its regions: {Wording.Sum(episode)} to {Wording.Place(episode)}";

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Wording.Destination(episode.Flow, episode.Destination)} in {episode.Detail}: {Wording.Amount(episode)}. "
        + $"Its namespace may use {string.Join(", ", Allowed(_tuning.OptionsFor(source), source) ?? [])} alone "
        + "(detection.outside_region.allowed_regions).";

    protected override FindingFacts Facts(Workload source, Episode episode) => new(
        $"{episode.Detail}: {Wording.Sum(episode)}",
        $"{string.Join(", ", Allowed(_tuning.OptionsFor(source), source) ?? [])} alone",
        "detection.outside_region.allowed_regions");

    /// <summary>The regions that a workload is to keep to. Null where it may talk to all. Any thread.</summary>
    public static IReadOnlyList<string>? Allowed(DetectionOptions options, Workload source) => options.OutsideRegion.Of(source.Namespace);

    /// <summary>Whether an activity goes to a known region that is none of those allowed. Any thread.</summary>
    public static bool IsOutside(IReadOnlyList<string>? allowed, FlowActivity activity) =>
        allowed is not null && activity.Destination.Region is { Length: > 0 } region && !activity.IsBlocked && !allowed.Contains(region);
}
