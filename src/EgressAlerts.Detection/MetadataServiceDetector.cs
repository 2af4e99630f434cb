using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressMetadataService</c>: a workload that may not talks to a cloud's metadata service, which gives credentials to whoever asks.</summary>
internal sealed class MetadataServiceDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "A workload talks to the cloud's metadata service.", tuning, metrics, state)
{
    public const string Name = "EgressMetadataService";

    protected override DetectorOptions OptionsOf(DetectionOptions all) => all.MetadataService;

    // What the mesh refused gave nothing away: EgressBlocked speaks of it.
    protected override Match? Match(WorkloadTraffic by, Traffic traffic) =>
        traffic.Destination is { Source: NameSource.Special, Name: Words.CloudMetadata } && !traffic.IsBlocked && !by.Options.MetadataService.Allowed.Any(allowed => allowed.Matches(by.Source))
            ? new("")
            : null;

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Text.Of(episode.Flow, episode.Destination)}, where credentials of the node or the pod can be had. {Text.Traffic(episode)}. "
        + "Expected: nobody but detection.metadata_service.allowed.";
}
