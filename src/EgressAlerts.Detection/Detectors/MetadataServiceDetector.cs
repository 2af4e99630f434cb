using System.Globalization;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressMetadataService</c>: a workload that may not talks to a cloud's metadata service, which gives credentials to whoever asks; or one that may asks
/// far more often than it ever did.</summary>
internal sealed class MetadataServiceDetector(DetectionOptions bounds, Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "A workload talks to the cloud's metadata service.", tuning, metrics, state)
{
    public const string Name = "EgressMetadataService";
    private const int MaxWorkloads = 5_000;

    private readonly DetectionMetrics _metrics = metrics;
    private readonly Table<Workload, MetadataUse> _uses = state.Table(DetectionTables.ByWorkload("metadata_use", DetectionJson.Default.MetadataUse));

    protected override DetectorOptions OptionsOf(DetectionOptions all) => all.MetadataService;

    /// <summary>Counts all of the window before any of it is judged, so that the order does not matter.</summary>
    public override void Observe(Sighting sighting)
    {
        foreach (var by in sighting.Seen.Where(by => MayMatch(by) && IsAllowed(by)))
        {
            var count = by.To.Where(IsAsked).Sum(traffic => traffic.Count);
            if (count > 0) Add(by.Source, Hours.Of(sighting.Window.End), count);
        }

        var forgotten = Hours.Of(sighting.Window.End - bounds.Memory);
        foreach (var source in _uses.Where(entry => entry.Value.Hour < forgotten).Select(entry => entry.Key).ToList()) _uses.Remove(source);
        base.Observe(sighting);
    }

    protected override bool MayMatch(WorkloadTraffic by) => by.Signs.HasFlag(Signs.Special);

    protected override Match? Match(WorkloadTraffic by, Traffic traffic, DateTimeOffset now)
    {
        if (!IsAsked(traffic)) return null;
        if (!IsAllowed(by)) return new("Expected: nobody but detection.metadata_service.allowed.");
        return _uses.TryFind(by.Source, out var use) && use.Limit is { } limit && use.Count > limit
            ? new(string.Create(
                CultureInfo.InvariantCulture,
                $"It is in detection.metadata_service.allowed, but asked {use.Count:0} times within this hour. Expected: at most {limit:0} times (ten times its largest hour of {use.Days.Count} days, and no less than 20)."))
            : null;
    }

    private static bool IsAllowed(WorkloadTraffic by) => by.Options.MetadataService.Allowed.Any(allowed => allowed.Matches(by.Source));

    // What the mesh refused gave nothing away: EgressBlocked speaks of it.
    private static bool IsAsked(Traffic traffic) => traffic.Destination is { Source: NameSource.Special, Name: Words.CloudMetadata } && !traffic.IsBlocked;

    private void Add(Workload source, long hour, double count)
    {
        if (!_uses.TryFind(source, out var use))
        {
            if (_uses.Count >= MaxWorkloads)
            {
                _metrics.Dropped(Name);
                return;
            }

            _uses.Put(source, use = new MetadataUse());
        }

        use.Add(hour, count);
        _uses.Touch(source);
    }

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Text.Of(episode.Flow, episode.Destination)}, where credentials of the node or the pod can be had. {Text.Traffic(episode)}. {episode.Detail}";
}
