namespace EgressAlerts.Detection;

/// <summary><c>EgressNewDestination</c>: a workload talks to a destination that it has not talked to within <c>detection.memory</c>.</summary>
/// <remarks>Where new destinations come every day, or many at once, one more says nothing. (Good and Turing: the chance that the next contact is new is the
/// share of those that were.) There <see cref="FanOutDetector"/> watches their number, and a new one is a finding only once much is sent to it.</remarks>
internal sealed class NewDestinationDetector(Habits habits, DetectionOptions options, Tuning tuning, DetectionMetrics metrics, StoredState state) : IDetector
{
    public const string Name = "EgressNewDestination";

    /// <summary>A finding that wakes nobody stays until the digest of the next day has told it.</summary>
    private static readonly TimeSpan UntilDigest = TimeSpan.FromHours(25);

    private readonly Episodes _episodes = new(Name, metrics, state);

    public IEnumerable<Finding> Active =>
        from entry in _episodes.Active
        let own = tuning.OptionsFor(entry.Key.Source).NewDestination
        where !entry.Episode.IsSuppressed || SeverityOf(own, entry.Episode) != entry.Episode.Severity
        select Found(own, entry.Key.Source, entry.Key.Destination, entry.Episode);

    /// <summary>Waits for final names, because a claim may turn out to be false, and a policy may allow a name that is not known yet. So the name of a
    /// finding is the name of its counters.</summary>
    public void Observe(DetectionInput input)
    {
        var now = input.Window.End;
        foreach (var workload in input.Settled.Where(workload => workload.Options.NewDestination.Enabled))
        {
            foreach (var activity in Ordered(workload))
            {
                if (Match(workload, activity, now) is { } match) _episodes.Add(activity, match, now);
            }
        }

        var allowed = _episodes.Active.Where(entry => input.Allows(entry.Episode.Flow, entry.Episode.Destination)).Select(entry => entry.Episode).ToHashSet();
        foreach (var episode in allowed) habits.Unlearn(episode.Flow.Source, episode.Flow.To.Key, episode.Destination.Name);
        _episodes.End((source, episode) => tuning.OptionsFor(source).NewDestination is var own
            && (!own.Enabled || now - episode.Since >= DurationOf(own, episode) || allowed.Contains(episode)));
    }

    /// <summary>What begins a finding comes first. The other flows of the same destination then belong to it, in whatever order they came.</summary>
    private IEnumerable<FlowActivity> Ordered(WorkloadActivity workload) =>
        workload.Flows.Exists(activity => IsReportable(workload, activity))
            ? workload.Flows.OrderByDescending(activity => IsReportable(workload, activity))
            : workload.Flows;

    private Match? Match(WorkloadActivity workload, FlowActivity activity, DateTimeOffset now)
    {
        // What the mesh refused is no contact: EgressBlocked reports it.
        if (activity.IsBlocked || activity.IsAllowed) return null;
        var own = workload.Options.NewDestination;
        if (_episodes.Find(activity) is { } known) return now - known.Since < own.Hold ? new("") : null;
        if (!IsReportable(workload, activity)) return null;
        // The severity is decided once: a better name that comes later must not make another alert of it.
        var watched = workload.Habit.IsNewborn ? "" : Wording.Duration(workload.Habit.Observed + workload.Habit.Before);
        return new(watched, activity.Destination.Confirmed ? own.ConfirmedSeverity : own.Severity, IsOneOfMany(workload));
    }

    private Finding Found(NewDestinationOptions own, Workload source, string destination, Episode episode) => new(
        Name, SeverityOf(own, episode), source, destination, episode.Since,
        $"{source} {(episode.Upload > 0 ? $"sent {Wording.Bytes(episode.Upload)} to" : "talked to")} a new destination, {Wording.Place(episode)}",
        $"{source} talked to {Wording.Destination(episode.Flow, episode.Destination)} by route {episode.Flow.Route.LabelValue()}, "
        + $"for the first time at {Wording.Time(episode.Since)}. So far {Wording.Bytes(episode.Upload)} were sent there, and {Wording.Bytes(episode.Download)} "
        + "came back. "
        + (episode.Detail.Length > 0
            ? $"This workload has been watched for {episode.Detail}, and what it uses is remembered for {Wording.Duration(options.Memory)}."
            : "This workload is new, and no other one of its namespace has talked to it."),
        episode.Destination.Source, episode.Destination.Confirmed, PromQl.Pair(source, destination, route: null))
    {
        Facts = new(
            $"the first contact in {Wording.Duration(options.Memory)}, {Wording.Bytes(episode.Upload)} sent out",
            $"destinations that it used within {Wording.Duration(options.Memory)}",
            "detection.memory"),
        Flow = episode.Flow,
        Ends = $"It resolves {Wording.Duration(DurationOf(own, episode))} after the first contact. The destination is known then.",
    };

    /// <summary>One step more severe once much has been sent there.</summary>
    private static string SeverityOf(NewDestinationOptions own, Episode episode) =>
        episode.Upload >= own.LargeUpload ? Severities.Raised(episode.Severity) : episode.Severity;

    private static TimeSpan DurationOf(NewDestinationOptions own, Episode episode) =>
        SeverityOf(own, episode) == Severities.Info && !episode.IsSuppressed && own.Hold < UntilDigest ? UntilDigest : own.Hold;

    private bool IsOneOfMany(WorkloadActivity workload) =>
        habits.MeetsNewDestinationsDaily(workload.Source, workload.Habit)
        || (workload.Options.FanOut is { Enabled: true } fanOut && workload.Habit.NewDestinations.Recent > fanOut.NewFloor);

    /// <summary>Whether the destination is new to a workload that has been learned, and is not one that many use.</summary>
    private bool IsReportable(WorkloadActivity workload, FlowActivity activity) =>
        activity is { IsNew: true, IsAllowed: false } && workload.Habit.IsLearned && !habits.IsCommon(activity, isOld: true);
}
