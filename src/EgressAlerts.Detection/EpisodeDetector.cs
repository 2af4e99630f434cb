using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary>A detector that finds what a workload does with a destination, one finding for each pair, until it is over.</summary>
/// <param name="summary">What all its findings have in common, in a sentence.</param>
internal abstract class EpisodeDetector(string name, string summary, Tuning tuning, DetectionMetrics metrics, StoredState state) : IDetector
{
    private readonly Episodes _episodes = new(name, metrics, state);

    public string AlertName => name;

    public IEnumerable<Finding> Active => _episodes.Active
        .Where(entry => IsTold(entry.Key.Source, entry.Episode))
        .Select(entry => Found(entry.Key.Source, entry.Key.Destination, entry.Episode));

    public virtual void Observe(Sighting sighting)
    {
        foreach (var by in Watched(sighting))
        {
            if (!OptionsOf(by.Options).Enabled || !MayMatch(by)) continue;
            foreach (var traffic in by.To)
            {
                if (Match(by, traffic, sighting.Window.End) is { } match) _episodes.Note(traffic, match, sighting.Window.End);
            }
        }

        _episodes.End((source, episode) => OptionsOf(tuning.Of(source)) is var options && (!options.Enabled || IsOver(options, episode, sighting.Window.End)));
    }

    /// <summary>The settings of this detector among all.</summary>
    protected abstract DetectorOptions OptionsOf(DetectionOptions all);

    protected virtual IEnumerable<WorkloadTraffic> Watched(Sighting sighting) => sighting.Seen;

    /// <summary>Whether it is worth looking at each of a workload's traffic.</summary>
    protected virtual bool MayMatch(WorkloadTraffic by) => true;

    /// <summary>Null where it is nothing to this detector.</summary>
    protected abstract Match? Match(WorkloadTraffic by, Traffic traffic, DateTimeOffset now);

    /// <summary>What is followed of this pair already; null where nothing is.</summary>
    protected Episode? Find(Traffic traffic) => _episodes.Find(traffic);

    /// <summary>Whether what is followed is a finding.</summary>
    private bool IsTold(Workload source, Episode episode) => !episode.IsQuiet || SeverityOf(OptionsOf(tuning.Of(source)), episode) != episode.Severity;

    protected virtual bool IsOver(DetectorOptions options, Episode episode, DateTimeOffset now) => now - episode.Last >= ((EpisodeOptions)options).Quiet;

    protected virtual string SeverityOf(DetectorOptions options, Episode episode) => episode.Severity.Length > 0 ? episode.Severity : options.Severity;

    /// <summary>What was seen, how often or how much, and what was expected.</summary>
    protected abstract string Describe(Workload source, Episode episode);

    protected virtual string Resolves(DetectorOptions options, Episode episode) => $"Resolves after {Text.Length(((EpisodeOptions)options).Quiet)} without it.";

    protected virtual string Evidence(Workload source, string destination, Episode episode) => Text.Evidence(source, destination, episode.Flow.Route);

    private Finding Found(Workload source, string destination, Episode episode)
    {
        var options = OptionsOf(tuning.Of(source));
        return new(
            name,
            SeverityOf(options, episode),
            source,
            destination,
            episode.First,
            summary,
            $"{Describe(source, episode)} {Resolves(options, episode)}",
            episode.Destination.Source,
            episode.Destination.Confirmed,
            Evidence(source, destination, episode));
    }
}
