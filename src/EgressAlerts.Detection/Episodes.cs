using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>What a workload does with a destination from the first time until it has been quiet: one finding each. Called by the pass alone.</summary>
/// <remarks>Holds at most <see cref="MaxActive"/>; further ones are counted and not held.</remarks>
internal sealed class Episodes(string alertName, TimeSpan quiet, DetectionMetrics metrics)
{
    public const int MaxActive = 5_000;

    private readonly Dictionary<(Workload Source, string Destination), Episode> _active = [];

    /// <summary>Under which destination a raw one is held: a name that DNS says a window later does not make a second finding.</summary>
    private readonly Dictionary<(Workload Source, string Raw), string> _heldAs = [];

    public IEnumerable<((Workload Source, string Destination) Key, Episode Episode)> Active => _active.Select(entry => (entry.Key, entry.Value));

    /// <param name="detail">What else is to be said of it; the latest counts.</param>
    public void Note(NamedIncrement seen, DateTimeOffset at, string detail = "")
    {
        var source = seen.Flow.Source;
        var raw = (source, seen.Flow.To.Key);
        if (!_heldAs.TryGetValue(raw, out var destination))
        {
            destination = seen.Destination.Name;
            if (!_active.ContainsKey((source, destination)) && _active.Count >= MaxActive)
            {
                metrics.Dropped(alertName);
                return;
            }

            if (_heldAs.Count < MaxActive * 4) _heldAs.Add(raw, destination);
        }

        var before = _active.TryGetValue((source, destination), out var held) ? held : new Episode(seen.Flow, seen.Destination, at, at, 0, 0, detail);
        _active[(source, destination)] = before.Plus(seen.Increment) with { Last = at, Destination = seen.Destination, Detail = detail };
    }

    /// <summary>Ends those that have been quiet.</summary>
    public void End(DateTimeOffset now)
    {
        foreach (var over in _active.Where(entry => now - entry.Value.Last >= quiet).Select(entry => entry.Key).ToList())
        {
            _active.Remove(over);
            foreach (var raw in _heldAs.Where(held => held.Key.Source == over.Source && held.Value == over.Destination).Select(held => held.Key).ToList()) _heldAs.Remove(raw);
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
            to.Write(entry.Value.Upload);
            to.Write(entry.Value.Detail);
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
        foreach (var (key, episode) in from.ReadAll(() => (
            (from.ReadWorkload(), from.ReadString()),
            new Episode(from.ReadFlow(), from.ReadDestination(), from.ReadInstant(), from.ReadInstant(), from.ReadDouble(), from.ReadDouble(), from.ReadString()))))
        {
            _active[key] = episode;
        }

        foreach (var (key, destination) in from.ReadAll(() => ((from.ReadWorkload(), from.ReadString()), from.ReadString()))) _heldAs[key] = destination;
    }
}

/// <param name="Destination">As it is named now; the finding keeps the name it began with.</param>
/// <param name="Count">Requests and connections that ended.</param>
/// <param name="Upload">Bytes that the application sent out.</param>
internal sealed record Episode(Flow Flow, Destination Destination, DateTimeOffset First, DateTimeOffset Last, double Count, double Upload, string Detail)
{
    public Episode Plus(Increment increment) => increment.Metric switch
    {
        // The opening of a connection is counted again when it closes.
        Metric.Requests or Metric.ConnectionsClosed => this with { Count = Count + increment.Amount },
        Metric.UploadBytes => this with { Upload = Upload + increment.Amount },
        _ => this,
    };
}
