using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressOutsideRegion</c>: a namespace that is to keep to some regions talks to another one.</summary>
/// <remarks>Regions are what <c>networks</c>, provider files and MaxMind databases say; an address of which they say nothing is nowhere and is not found.</remarks>
internal sealed class OutsideRegionDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "A workload talks to a region that its namespace is to keep out of.", tuning, metrics, state)
{
    public const string Name = "EgressOutsideRegion";

    private readonly Tuning _tuning = tuning;

    protected override DetectorOptions OptionsOf(DetectionOptions all) => all.OutsideRegion;

    protected override bool MayMatch(WorkloadTraffic by) => by.Options.OutsideRegion.Of(by.Source.Namespace) is not null;

    protected override Match? Match(WorkloadTraffic by, Traffic traffic, DateTimeOffset now)
    {
        var region = traffic.Destination.Region;
        return region.Length > 0 && !traffic.IsBlocked && by.Options.OutsideRegion.Of(by.Source.Namespace) is { } allowed && !allowed.Contains(region)
            ? new(region)
            : null;
    }

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Text.Of(episode.Flow, episode.Destination)} in {episode.Detail}. {Text.Traffic(episode)}. "
        + $"Expected: {string.Join(", ", _tuning.Of(source).OutsideRegion.Of(source.Namespace) ?? [])} alone.";
}
