using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary><c>EgressOutsideRegion</c>: a namespace that is to keep to some regions talks to another one.</summary>
/// <remarks>Regions are what <c>networks</c>, provider files and MaxMind databases say; an address of which they say nothing is nowhere and is not found.</remarks>
internal sealed class OutsideRegionDetector(OutsideRegionOptions options, DetectionMetrics metrics)
    : EpisodeDetector(Name, "A workload talks to a region that its namespace is to keep out of.", options, metrics)
{
    public const string Name = "EgressOutsideRegion";

    protected override string? Match(in NamedIncrement seen)
    {
        var region = seen.Destination.Region;
        return region.Length > 0 && seen.Flow.Route != Route.Blocked && options.AllowedRegions.TryGetValue(seen.Flow.Source.Namespace, out var allowed) && !allowed.Contains(region)
            ? region
            : null;
    }

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Text.Of(episode.Flow, episode.Destination)} in {episode.Detail}. {Text.Traffic(episode)}. "
        + $"Expected: {string.Join(", ", options.AllowedRegions.GetValueOrDefault(source.Namespace, []))} alone.";
}
