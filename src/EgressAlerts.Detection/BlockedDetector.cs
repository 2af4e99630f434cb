using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary><c>EgressBlocked</c>: the mesh refused to let traffic out. One finding per workload and destination, until it has been quiet.</summary>
internal sealed class BlockedDetector(BlockedOptions options, DetectionMetrics metrics) : IDetector
{
    public const string Name = "EgressBlocked";

    private readonly Episodes _episodes = new(Name, options.Quiet, metrics);

    public string AlertName => Name;

    public IEnumerable<Finding> Active => _episodes.Active.Select(entry => Found(entry.Key.Source, entry.Key.Destination, entry.Episode));

    public void Observe(NamedReading named)
    {
        foreach (var seen in named.Seen.Where(seen => seen.Flow.Route == Route.Blocked)) _episodes.Note(seen, named.Window.End);
        _episodes.End(named.Window.End);
    }

    public void Save(BinaryWriter to) => _episodes.Save(to);

    public void Load(BinaryReader from) => _episodes.Load(from);

    private Finding Found(Workload source, string destination, Episode attempts) => new(
        Name,
        options.Severity,
        source,
        destination,
        attempts.First,
        "The mesh blocked traffic to a destination that is not registered.",
        $"{source} tried to reach {Text.Of(attempts.Flow, attempts.Destination)} and was refused {Text.Times(attempts.Count)} "
        + $"between {Text.Time(attempts.First)} and {Text.Time(attempts.Last)}. Expected: none. "
        + $"If this traffic is wanted, register the host with a ServiceEntry. Resolves after {Text.Length(options.Quiet)} without an attempt.",
        attempts.Destination.Source,
        attempts.Destination.Confirmed,
        Text.Evidence(source, destination, Route.Blocked));
}
