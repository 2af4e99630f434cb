using EgressAlerts.Alerting;

namespace EgressAlerts.Backtest;

/// <summary>Collects the alerts that begin while windows are played. Called by the play alone.</summary>
/// <remarks>The first <see cref="MaxListed"/> are kept whole. Further ones are counted and not listed.</remarks>
internal sealed class PlayedAlerts
{
    /// <summary>About 20 MB.</summary>
    public const int MaxListed = 10_000;

    private readonly Dictionary<(string Fingerprint, DateTimeOffset StartsAt), Alert> _listed = [];
    private readonly Dictionary<(string Name, string Severity, DateOnly Day), int> _counts = [];
    private readonly Dictionary<(string Namespace, string Workload), int> _workloads = [];
    private HashSet<(string Fingerprint, DateTimeOffset StartsAt)> _last = [];

    /// <summary>How many there are beyond those that are listed.</summary>
    public int Unlisted { get; private set; }

    /// <summary>By begin, then by name and labels.</summary>
    public IReadOnlyList<PlayedAlert> Listed =>
    [
        .. _listed.Values.Select(PlayedAlert.Of)
            .OrderBy(alert => alert.Begin).ThenBy(alert => alert.Alertname, StringComparer.Ordinal).ThenBy(alert => alert.Key, StringComparer.Ordinal),
    ];

    /// <summary>All alerts, also those that are not listed.</summary>
    public IReadOnlyList<AlertCount> Counts =>
    [
        .. _counts.Select(count => new AlertCount(count.Key.Name, count.Key.Severity, count.Key.Day, count.Value))
            .OrderBy(count => count.Alertname, StringComparer.Ordinal).ThenBy(count => count.Severity, StringComparer.Ordinal).ThenBy(count => count.Day),
    ];

    /// <summary>The workloads with most alerts first.</summary>
    public IReadOnlyList<WorkloadCount> Workloads =>
    [
        .. _workloads.Select(count => new WorkloadCount(count.Key.Namespace, count.Key.Workload, count.Value))
            .OrderByDescending(count => count.Alerts)
            .ThenBy(count => count.Namespace, StringComparer.Ordinal).ThenBy(count => count.Workload, StringComparer.Ordinal),
    ];

    /// <param name="current">What fires at the end of a window, and what resolved lately.</param>
    public void Note(IReadOnlyList<Alert> current)
    {
        var keys = new HashSet<(string, DateTimeOffset)>(current.Count);
        foreach (var alert in current)
        {
            var key = (alert.Fingerprint, alert.StartsAt);
            keys.Add(key);
            var isKnown = _listed.ContainsKey(key);
            if (!isKnown && !_last.Contains(key)) Begin(alert);
            if (isKnown || _listed.Count < MaxListed) _listed[key] = alert;
            else if (!_last.Contains(key)) Unlisted++;
        }

        _last = keys;
    }

    private void Begin(Alert alert)
    {
        var played = PlayedAlert.Of(alert);
        var count = (played.Alertname, played.Severity, DateOnly.FromDateTime(played.Begin.UtcDateTime));
        _counts[count] = _counts.GetValueOrDefault(count) + 1;
        if (played.Workload.Length == 0) return;
        var workload = (played.Namespace, played.Workload);
        _workloads[workload] = _workloads.GetValueOrDefault(workload) + 1;
    }
}
