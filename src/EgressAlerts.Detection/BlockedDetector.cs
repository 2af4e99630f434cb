using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary><c>EgressBlocked</c>: the mesh refused to let traffic out. One finding per workload and destination, until it has been quiet.</summary>
/// <remarks>Holds at most <see cref="MaxActive"/> findings; further ones are counted and not held.</remarks>
internal sealed class BlockedDetector(BlockedOptions options, DetectionMetrics metrics) : IDetector
{
    public const string Name = "EgressBlocked";
    private const int MaxActive = 5_000;

    private readonly Dictionary<(Workload Source, string Destination), Attempts> _active = [];

    /// <summary>Under which destination a raw one is held: a name that DNS says a window later does not make a second finding.</summary>
    private readonly Dictionary<(Workload Source, string Raw), string> _heldAs = [];

    public string AlertName => Name;

    public IEnumerable<Finding> Active => _active.Select(entry => Found(entry.Key.Source, entry.Key.Destination, entry.Value));

    public void Observe(NamedReading named)
    {
        foreach (var seen in named.Seen.Where(seen => seen.Flow.Route == Route.Blocked)) Note(seen, named.Window.End);
        foreach (var quiet in _active.Where(entry => named.Window.End - entry.Value.Last >= options.Quiet).Select(entry => entry.Key).ToList())
        {
            _active.Remove(quiet);
            foreach (var raw in _heldAs.Where(held => held.Key.Source == quiet.Source && held.Value == quiet.Destination).Select(held => held.Key).ToList()) _heldAs.Remove(raw);
        }
    }

    public void Save(BinaryWriter to)
    {
        to.WriteAll(_active, entry =>
        {
            to.Write(entry.Key.Source);
            to.Write(entry.Key.Destination);
            to.Write(entry.Value.Flow);
            to.Write(entry.Value.Destination);
            to.Write(entry.Value.First);
            to.Write(entry.Value.Last);
            to.Write(entry.Value.Count);
        });
        to.WriteAll(_heldAs, held =>
        {
            to.Write(held.Key.Source);
            to.Write(held.Key.Raw);
            to.Write(held.Value);
        });
    }

    public void Load(BinaryReader from)
    {
        foreach (var (key, attempts) in from.ReadAll(() => (
            (from.ReadWorkload(), from.ReadString()),
            new Attempts(from.ReadFlow(), from.ReadDestination(), from.ReadInstant(), from.ReadInstant(), from.ReadDouble()))))
        {
            _active[key] = attempts;
        }

        foreach (var (key, destination) in from.ReadAll(() => ((from.ReadWorkload(), from.ReadString()), from.ReadString()))) _heldAs[key] = destination;
    }

    private void Note(NamedIncrement seen, DateTimeOffset at)
    {
        var source = seen.Flow.Source;
        var raw = (source, seen.Flow.To.Key);
        if (!_heldAs.TryGetValue(raw, out var destination))
        {
            destination = seen.Destination.Name;
            if (!_active.ContainsKey((source, destination)) && _active.Count >= MaxActive)
            {
                metrics.Dropped(Name);
                return;
            }

            if (_heldAs.Count < MaxActive * 4) _heldAs.Add(raw, destination);
        }

        // Bytes of a refused connection are no attempts, and its opening is counted again when it closes.
        var count = seen.Increment.Metric is Metric.Requests or Metric.ConnectionsClosed ? seen.Increment.Amount : 0;
        _active[(source, destination)] = _active.TryGetValue((source, destination), out var before)
            ? before with { Last = at, Count = before.Count + count, Destination = seen.Destination }
            : new Attempts(seen.Flow, seen.Destination, at, at, count);
    }

    private Finding Found(Workload source, string destination, Attempts attempts) => new(
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
        Text.Evidence(source, destination, Route.Blocked));

    private sealed record Attempts(Flow Flow, Destination Destination, DateTimeOffset First, DateTimeOffset Last, double Count);
}
