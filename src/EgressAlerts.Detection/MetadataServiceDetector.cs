using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary><c>EgressMetadataService</c>: a workload that may not talks to a cloud's metadata service, which gives credentials to whoever asks.</summary>
internal sealed class MetadataServiceDetector(MetadataServiceOptions options, DetectionMetrics metrics)
    : EpisodeDetector(Name, "A workload talks to the cloud's metadata service.", options, metrics)
{
    public const string Name = "EgressMetadataService";

    private readonly HashSet<string> _allowed = [.. options.Allowed];

    // What the mesh refused gave nothing away: EgressBlocked speaks of it.
    protected override string? Match(in NamedIncrement seen) =>
        seen.Destination is { Source: NameSource.Special, Name: Words.CloudMetadata } && seen.Flow.Route != Route.Blocked
        && !_allowed.Contains(seen.Flow.Source.ToString()) && !_allowed.Contains(seen.Flow.Source.Namespace + "/*")
            ? ""
            : null;

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Text.Of(episode.Flow, episode.Destination)}, where credentials of the node or the pod can be had. {Text.Traffic(episode)}. "
        + "Expected: nobody but detection.metadata_service.allowed.";
}
