using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary>What a workload does with a destination from the first time until it is over: one finding each. Called by the pass alone.</summary>
/// <remarks>Holds at most <see cref="MaxActive"/>; further ones are counted and not held.</remarks>
internal sealed class Episodes
{
    public const int MaxActive = 20_000;

    private readonly string _alertName;
    private readonly DetectionMetrics _metrics;
    private readonly Table<(Workload Source, string Destination), Episode> _active;

    /// <summary>Under which destination a raw one is held: a name that DNS says a window later does not make a second finding.</summary>
    private readonly Table<(Workload Source, string Raw), string> _heldAs;

    public Episodes(string alertName, DetectionMetrics metrics, StoredState state)
    {
        (_alertName, _metrics) = (alertName, metrics);
        _active = state.Table(DetectionTables.ByPair("episode", "destination", DetectionJson.Default.Episode).Of(alertName));
        _heldAs = state.Table(DetectionTables.ByPair<string>(
            "episode_name", "told", ["destination"], destination => [destination], values => (string)values[0]).Of(alertName));
        foreach (var (raw, destination) in _heldAs)
        {
            // Its episode's row could not be read.
            if (!_active.Has((raw.Source, destination))) _heldAs.Remove(raw);
        }
    }

    public IEnumerable<((Workload Source, string Destination) Key, Episode Episode)> Active => _active.Select(entry => (entry.Key, entry.Value));

    /// <summary>Null where there is none of this pair.</summary>
    public Episode? Find(Traffic traffic) => _active.Count > 0 && _active.TryFind((traffic.Flow.Source, HeldAs(traffic)), out var episode) ? episode : null;

    public void Note(Traffic traffic, Match match, DateTimeOffset at)
    {
        var source = traffic.Flow.Source;
        var destination = HeldAs(traffic);
        if (!_active.TryFind((source, destination), out var before))
        {
            if (_active.Count >= MaxActive)
            {
                _metrics.Dropped(_alertName);
                return;
            }

            before = new Episode(traffic.Flow, traffic.Destination, at, at, 0, 0, 0, "", "", match.IsQuiet);
        }

        if (_heldAs.Count < MaxActive * 4 && !_heldAs.Has((source, traffic.Key))) _heldAs.Put((source, traffic.Key), destination);
        var after = before with
        {
            Destination = traffic.Destination,
            Last = at,
            Count = before.Count + traffic.Count,
            Upload = before.Upload + traffic.Upload,
            Download = before.Download + traffic.Download,
            Detail = match.Detail.Length > 0 ? match.Detail : before.Detail,
            Severity = Severities.Worse(match.Severity, before.Severity),
        };
        _active.Put((source, destination), after);
    }

    /// <summary>Ends those that are over.</summary>
    public void End(Func<Workload, Episode, bool> isOver)
    {
        var over = _active.Where(entry => isOver(entry.Key.Source, entry.Value)).Select(entry => entry.Key).ToHashSet();
        if (over.Count == 0) return;
        foreach (var key in over) _active.Remove(key);
        foreach (var raw in _heldAs.Where(held => over.Contains((held.Key.Source, held.Value))).Select(held => held.Key).ToList()) _heldAs.Remove(raw);
    }

    private string HeldAs(Traffic traffic) => _heldAs.TryFind((traffic.Flow.Source, traffic.Key), out var name) ? name : traffic.Destination.Name;
}

/// <param name="Destination">As it is named now; the finding keeps the name it began with.</param>
/// <param name="Count">Requests and connections that ended.</param>
/// <param name="Upload">Bytes that the application sent out.</param>
/// <param name="Download">Bytes that the application got back.</param>
/// <param name="Detail">What the detector wants to remember of it; the latest counts.</param>
/// <param name="Severity">The worst that it had; empty where the settings say it.</param>
/// <param name="IsQuiet">See <see cref="Match"/>; as it began.</param>
internal sealed record Episode(
    Flow Flow, Destination Destination, DateTimeOffset First, DateTimeOffset Last, double Count, double Upload, double Download, string Detail, string Severity, bool IsQuiet);

/// <summary>Why traffic is a finding.</summary>
/// <param name="Severity">Empty where the settings say it.</param>
/// <param name="IsQuiet">It is followed, but is no finding unless it becomes more severe.</param>
internal readonly record struct Match(string Detail, string Severity = "", bool IsQuiet = false);
