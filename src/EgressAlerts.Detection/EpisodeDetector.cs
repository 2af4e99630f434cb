using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>A detector that finds what a workload does with a destination, one finding for each pair, until it has been quiet.</summary>
/// <param name="summary">What all its findings have in common, in a sentence.</param>
internal abstract class EpisodeDetector(string name, string summary, EpisodeOptions options, DetectionMetrics metrics) : IDetector
{
    private readonly Episodes _episodes = new(name, options.Quiet, metrics);

    public string AlertName => name;

    public IEnumerable<Finding> Active => _episodes.Active.Select(entry => new Finding(
        name,
        options.Severity,
        entry.Key.Source,
        entry.Key.Destination,
        entry.Episode.First,
        summary,
        $"{Describe(entry.Key.Source, entry.Episode)} Resolves after {Text.Length(options.Quiet)} without it.",
        entry.Episode.Destination.Source,
        entry.Episode.Destination.Confirmed,
        Text.Evidence(entry.Key.Source, entry.Key.Destination, entry.Episode.Flow.Route)));

    public void Observe(NamedReading named)
    {
        foreach (var seen in Watched(named))
        {
            if (Match(seen) is { } detail) _episodes.Note(seen, named.Window.End, detail);
        }

        _episodes.End(named.Window.End);
    }

    public void Save(BinaryWriter to) => _episodes.Save(to);

    public void Load(BinaryReader from) => _episodes.Load(from);

    protected virtual IReadOnlyList<NamedIncrement> Watched(NamedReading named) => named.Seen;

    /// <summary>Null where it is nothing to this detector, else what it wants to remember of it, maybe nothing.</summary>
    protected abstract string? Match(in NamedIncrement seen);

    /// <summary>What was seen, how often or how much, and what was expected.</summary>
    protected abstract string Describe(Workload source, Episode episode);
}
