namespace EgressAlerts.Detection;

/// <summary>The episodes of one detector, one for each workload and destination. Called by the pass alone.</summary>
/// <remarks>Follows at most <see cref="MaxActive"/>. Further ones are dropped and counted.</remarks>
internal sealed class Episodes
{
    public const int MaxActive = 20_000;

    private readonly Bound _bound;
    private readonly Table<(Workload Source, string Destination), Episode> _active;

    /// <summary>The destination of the episode that a raw one belongs to. A name that DNS says a window later must not make a second finding.</summary>
    private readonly Table<(Workload Source, string Raw), string> _destinations;

    public Episodes(string alertName, DetectionMetrics metrics, StoredState state)
    {
        _bound = new(alertName, MaxActive, metrics);
        _active = state.Table(DetectionTables.ByPair("episode", "destination", DetectionJson.Default.Episode).ForAlert(alertName));
        _destinations = state.Table(DetectionTables.ByPair<string>(
            "episode_name", "told", ["destination"], destination => [destination], values => (string)values[0]).ForAlert(alertName));
        // The rows of some episodes may have been unreadable.
        foreach (var (raw, _) in _destinations.Where(entry => !_active.Has((entry.Key.Source, entry.Value))).ToList()) _destinations.Remove(raw);
    }

    public IEnumerable<((Workload Source, string Destination) Key, Episode Episode)> Active => _active.Select(entry => (entry.Key, entry.Value));

    /// <summary>The episode that an activity belongs to; null where it would begin one.</summary>
    public Episode? Find(FlowActivity activity) =>
        _active.Count > 0 && _active.TryFind((activity.Source, DestinationOf(activity)), out var episode) ? episode : null;

    public void Add(FlowActivity activity, Match match, DateTimeOffset now)
    {
        var (key, raw) = ((activity.Source, Destination: DestinationOf(activity)), (activity.Source, activity.Key));
        if (!_bound.TryGetOrBegin(_active, key, Begin, out var episode)) return;
        if (_destinations.Count < MaxActive * 4 && !_destinations.Has(raw)) _destinations.Put(raw, key.Destination);
        episode.Add(activity, match, now);
        _active.Touch(key);

        Episode Begin() => new() { Flow = activity.Flow, Destination = activity.Destination, IsSuppressed = match.IsSuppressed };
    }

    public void End(Func<Workload, Episode, bool> isOver)
    {
        var over = _active.Where(entry => isOver(entry.Key.Source, entry.Value)).Select(entry => entry.Key).ToHashSet();
        if (over.Count == 0) return;
        foreach (var key in over) _active.Remove(key);
        foreach (var (raw, _) in _destinations.Where(entry => over.Contains((entry.Key.Source, entry.Value))).ToList()) _destinations.Remove(raw);
    }

    private string DestinationOf(FlowActivity activity) =>
        _destinations.TryFind((activity.Source, activity.Key), out var destination) ? destination : activity.Destination.Name;
}
