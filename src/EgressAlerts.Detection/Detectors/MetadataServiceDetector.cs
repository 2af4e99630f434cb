using static System.FormattableString;

namespace EgressAlerts.Detection;

/// <summary><c>EgressMetadataService</c>: a workload that is not allowed to talks to a cloud's metadata service, which gives credentials to whoever asks.
/// Or one that is allowed asks far more often than it ever did.</summary>
internal sealed class MetadataServiceDetector(DetectionOptions bounds, Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, tuning, metrics, state)
{
    public const string Name = "EgressMetadataService";

    private readonly Tuning _tuning = tuning;
    private readonly Bound _bound = new(Name, most: 5_000, metrics);
    private readonly Table<Workload, MetadataUse> _uses = state.Table(DetectionTables.ByWorkload("metadata_use", DetectionJson.Default.MetadataUse));

    protected override EpisodeOptions OptionsOf(DetectionOptions all) => all.MetadataService;

    /// <summary>Counts all of the window before any of it is evaluated, so that the order does not matter.</summary>
    protected override IEnumerable<WorkloadActivity> Watched(DetectionInput input)
    {
        foreach (var workload in input.Seen)
        {
            var count = workload.Flows.Where(Asks).Sum(activity => activity.Count);
            if (count == 0 || !IsAllowed(workload.Options, workload.Source)) continue;
            if (!_bound.TryGetOrBegin(_uses, workload.Source, () => new(), out var use)) continue;
            use.Add(Hours.Of(input.Window.End), count);
            _uses.Touch(workload.Source);
        }

        var forgotten = Hours.Of(input.Window.End - bounds.Memory);
        foreach (var source in _uses.Where(entry => entry.Value.Hour < forgotten).Select(entry => entry.Key).ToList()) _uses.Remove(source);
        return input.Seen;
    }

    protected override Match? Match(WorkloadActivity workload, FlowActivity activity)
    {
        if (!Asks(activity)) return null;
        if (!IsAllowed(workload.Options, workload.Source)) return new("It is not in detection.metadata_service.allowed.");
        return _uses.TryFind(workload.Source, out var use) && use.Limit is { } limit && use.Count > limit
            ? new(
                Invariant($"It is in detection.metadata_service.allowed, but asked {use.Count:0} times within this hour. ")
                + Invariant($"The limit is {limit:0}: ten times its largest hour of {use.Days.Count} days, and no less than 20."))
            : null;
    }

    protected override string Summarize(Workload source, Episode episode) =>
        $"{source} called the cloud's metadata service ({Wording.Sum(episode)})";

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Wording.Destination(episode.Flow, episode.Destination)}: {Wording.Amount(episode)}. "
        + $"The metadata service hands out credentials of the node or the pod. {episode.Detail}";

    protected override FindingFacts Facts(Workload source, Episode episode) => new(
        Wording.Sum(episode),
        IsAllowed(_tuning.OptionsFor(source), source) ? "at most ten times its largest hour" : "nothing",
        "detection.metadata_service.allowed");

    /// <summary>Whether a workload may use the metadata service. Any thread.</summary>
    public static bool IsAllowed(DetectionOptions options, Workload source) => options.MetadataService.Allowed.Any(allowed => allowed.Matches(source));

    /// <summary>What the mesh refused gave nothing away: <c>EgressBlocked</c> reports it.</summary>
    public static bool Asks(FlowActivity activity) =>
        activity.Destination is { Source: NameSource.Special, Name: LabelValues.CloudMetadata } && !activity.IsBlocked;
}
