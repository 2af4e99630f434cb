using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressNewDestination</c>: a workload talks to a destination that it has not talked to within the memory.</summary>
internal sealed class NewDestinationDetector(Habits habits, DetectionOptions options, Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "A workload talks to a destination that it has not talked to before.", tuning, metrics, state)
{
    public const string Name = "EgressNewDestination";

    protected override DetectorOptions OptionsOf(DetectionOptions all) => all.NewDestination;

    /// <summary>What begins a finding comes first: what belongs to the same finding then does, in whatever order it came.</summary>
    protected override IEnumerable<WorkloadTraffic> Watched(Sighting sighting) =>
        sighting.Seen.Select(by => by.To.Exists(traffic => IsNews(by, traffic)) ? by with { To = [.. by.To.OrderByDescending(traffic => IsNews(by, traffic))] } : by);

    protected override Match? Match(WorkloadTraffic by, Traffic traffic)
    {
        // What the mesh refused is not a contact: EgressBlocked speaks of it.
        if (traffic.IsBlocked) return null;
        if (Holds(traffic)) return new("");
        if (!IsNews(by, traffic)) return null;
        // Once and for all: a better name that comes later must not make another alert of it.
        var own = by.Options.NewDestination;
        return new(Text.Length(by.Habit.Observed + by.Habit.Before), traffic.Destination.Confirmed ? own.ConfirmedSeverity : own.Severity);
    }

    protected override bool IsOver(DetectorOptions options, Episode episode, DateTimeOffset now) => now - episode.First >= ((NewDestinationOptions)options).Hold;

    /// <summary>By who vouches for the name, and one step up where much was sent there.</summary>
    protected override string SeverityOf(DetectorOptions options, Episode episode) =>
        episode.Upload >= ((NewDestinationOptions)options).LargeUpload ? Severities.Raised(episode.Severity) : episode.Severity;

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Text.Of(episode.Flow, episode.Destination)} by route {episode.Flow.Route.Word()} for the first time in {Text.Length(options.Memory)}, "
        + $"at {Text.Time(episode.First)}: {Text.Bytes(episode.Upload)} sent out, {Text.Bytes(episode.Download)} got back so far. This workload had been known for {episode.Detail}.";

    protected override string Resolves(DetectorOptions options) =>
        $"Resolves {Text.Length(((NewDestinationOptions)options).Hold)} after the first contact; the destination is then known.";

    protected override string Evidence(Workload source, string destination, Episode episode) => Text.Evidence(source, destination, null);

    /// <summary>New to a workload that is known well enough, and not what many use.</summary>
    private bool IsNews(WorkloadTraffic by, Traffic traffic) => traffic.IsNew && by.Habit.IsLearned && !habits.IsCommon(traffic, isOld: true);
}
