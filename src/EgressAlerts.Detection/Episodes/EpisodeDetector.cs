namespace EgressAlerts.Detection;

/// <summary>A detector of something that workloads do with destinations. Each pair of them is one finding.</summary>
internal abstract class EpisodeDetector(string name, Tuning tuning, DetectionMetrics metrics, StoredState state) : IDetector
{
    private readonly Episodes _episodes = new(name, metrics, state);

    public IEnumerable<Finding> Active => _episodes.Active.Select(entry => Found(entry.Key.Source, entry.Key.Destination, entry.Episode));

    public void Observe(DetectionInput input)
    {
        foreach (var workload in Watched(input).Where(workload => OptionsOf(workload.Options).Enabled))
        {
            foreach (var activity in workload.Flows)
            {
                if (Match(workload, activity) is { } match) _episodes.Add(activity, match, input.Window.End);
            }
        }

        _episodes.End((source, episode) =>
            OptionsOf(tuning.OptionsFor(source)) is var options && (!options.Enabled || episode.IsOver(input.Window.End, options.Quiet)
                || (IsAboutContact && input.Allows(episode.Flow, episode.Destination))));
    }

    /// <summary>The settings of this detector among all.</summary>
    protected abstract EpisodeOptions OptionsOf(DetectionOptions all);

    /// <summary>Whether its findings say only that a contact is unwanted. Such a finding ends when a policy allows the contact.</summary>
    protected virtual bool IsAboutContact => false;

    /// <summary>The workloads whose activity may match. Called once a window, before <see cref="Match"/>.</summary>
    /// <remarks>Waits for final names. So a finding has the name that its counters have, in every replica, and a policy or the check of a claim knows that
    /// name too.</remarks>
    protected virtual IEnumerable<WorkloadActivity> Watched(DetectionInput input) => input.Settled;

    /// <summary>Null where the activity is of no interest to this detector.</summary>
    protected abstract Match? Match(WorkloadActivity workload, FlowActivity activity);

    /// <summary>Whether the destination's name tells where the traffic went. Where it is in doubt, an alert says nothing of the trust in it.</summary>
    protected virtual bool IsNameTold => true;

    /// <summary>Who did what, where, and how much, in a line.</summary>
    protected abstract string Summarize(Workload source, Episode episode);

    /// <summary>What was seen, how often or how much, what that means, and what to do.</summary>
    protected abstract string Describe(Workload source, Episode episode);

    /// <summary>The same as <see cref="Describe"/>, short enough for a table.</summary>
    protected abstract FindingFacts Facts(Workload source, Episode episode);

    private Finding Found(Workload source, string destination, Episode episode)
    {
        var options = OptionsOf(tuning.OptionsFor(source));
        return new(
            name, episode.Severity.Length > 0 ? episode.Severity : options.Severity, source, destination, episode.Since,
            Summarize(source, episode), Describe(source, episode),
            IsNameTold ? episode.Destination.Source : null, IsNameTold && episode.Destination.Confirmed, PromQl.Pair(source, destination, episode.Flow.Route))
        {
            Facts = Facts(source, episode),
            Flow = episode.Flow,
            Ends = $"It resolves after {Wording.Duration(options.Quiet)} without it.",
        };
    }
}
