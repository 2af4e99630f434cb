using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressNewDestination</c>: a workload talks to a destination that it has not talked to within the memory.</summary>
/// <remarks>Where new destinations come every day, or many at once, one more says nothing (Good and Turing: the chance that the next contact is new is the share of those that were).
/// There it is only a finding where much is sent to it; the number of new ones is judged by <see cref="FanOutDetector"/>.</remarks>
internal sealed class NewDestinationDetector(Habits habits, DetectionOptions options, Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "A workload talks to a destination that it has not talked to before.", tuning, metrics, state)
{
    public const string Name = "EgressNewDestination";

    /// <summary>What nobody is woken for stays until the digest of the next day has told it.</summary>
    private static readonly TimeSpan UntilDigest = TimeSpan.FromHours(25);

    protected override DetectorOptions OptionsOf(DetectionOptions all) => all.NewDestination;

    /// <summary>What begins a finding comes first: what belongs to the same finding then does, in whatever order it came.</summary>
    protected override IEnumerable<WorkloadTraffic> Watched(Sighting sighting) =>
        sighting.Seen.Select(by => by.Signs.HasFlag(Signs.New) && by.To.Exists(traffic => IsNews(by, traffic)) ? by with { To = [.. by.To.OrderByDescending(traffic => IsNews(by, traffic))] } : by);

    protected override Match? Match(WorkloadTraffic by, Traffic traffic, DateTimeOffset now)
    {
        // What the mesh refused is not a contact: EgressBlocked speaks of it.
        if (traffic.IsBlocked) return null;
        if (Find(traffic) is { } told) return now - told.First < by.Options.NewDestination.Hold ? new("") : null;
        if (!IsNews(by, traffic)) return null;
        // Once and for all: a better name that comes later must not make another alert of it.
        var own = by.Options.NewDestination;
        var known = by.Habit.IsNewborn ? "" : Text.Length(by.Habit.Observed + by.Habit.Before);
        return new(known, traffic.Destination.Confirmed ? own.ConfirmedSeverity : own.Severity, IsOneOfMany(by));
    }

    protected override bool IsOver(DetectorOptions options, Episode episode, DateTimeOffset now) => now - episode.First >= Lasts(options, episode);

    /// <summary>By who vouches for the name, and one step up where much was sent there.</summary>
    protected override string SeverityOf(DetectorOptions options, Episode episode) =>
        episode.Upload >= ((NewDestinationOptions)options).LargeUpload ? Severities.Raised(episode.Severity) : episode.Severity;

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} talked to {Text.Of(episode.Flow, episode.Destination)} by route {episode.Flow.Route.Word()} for the first time in {Text.Length(options.Memory)}, "
        + $"at {Text.Time(episode.First)}: {Text.Bytes(episode.Upload)} sent out, {Text.Bytes(episode.Download)} got back so far. "
        + (episode.Detail.Length > 0 ? $"This workload had been known for {episode.Detail}." : "This workload is new, and no other one of its namespace had talked to it.");

    protected override string Resolves(DetectorOptions options, Episode episode) =>
        $"Resolves {Text.Length(Lasts(options, episode))} after the first contact; the destination is then known.";

    protected override string Evidence(Workload source, string destination, Episode episode) => Text.Evidence(source, destination, null);

    private TimeSpan Lasts(DetectorOptions options, Episode episode)
    {
        var hold = ((NewDestinationOptions)options).Hold;
        return SeverityOf(options, episode) == Severities.Info && !episode.IsQuiet && hold < UntilDigest ? UntilDigest : hold;
    }

    /// <summary>Where new destinations come every day, or too many at once to be read one by one, their number is judged instead.</summary>
    private bool IsOneOfMany(WorkloadTraffic by) =>
        habits.IsNewsUsual(by.Source, by.Habit) || (by.Options.FanOut is { Enabled: true } fanOut && by.Habit.News.Recent > fanOut.NewFloor);

    /// <summary>New to a workload that is known well enough, and not what many use.</summary>
    private bool IsNews(WorkloadTraffic by, Traffic traffic) => traffic.IsNew && by.Habit.IsLearned && !habits.IsCommon(traffic, isOld: true);
}
