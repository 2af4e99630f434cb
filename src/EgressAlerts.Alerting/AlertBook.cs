using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Alerting;

/// <summary>Follows findings over time: a new one fires, one that is no longer found resolves, and what has resolved is remembered. Called by the pass alone,
/// except where a member says that any thread may.</summary>
public sealed class AlertBook
{
    /// <summary>A resolved alert is sent again for this long, as Prometheus does, in case an Alertmanager was away.</summary>
    private static readonly TimeSpan ResolvedRetention = TimeSpan.FromMinutes(15);

    /// <summary>Beyond this many, those that resolved longest ago are forgotten. Those that are still sent are never forgotten.</summary>
    internal const int MaxEpisodes = 10_000;

    private const string WorkloadLabel = "source_workload";

    private const string Behind = "behind_gateway";

    /// <summary>Fires while others are held back.</summary>
    public const string HeldBackName = "EgressAlertsHeldBack";

    internal static readonly Shape<(string Fingerprint, DateTimeOffset StartsAt), Alert> Episodes =
        Shape.Json<(string Fingerprint, DateTimeOffset StartsAt), Alert>(
            "alert",
            ["fingerprint", "starts_at"],
            key => [key.Fingerprint, Instant.Text(key.StartsAt)],
            values => ((string)values[0], Instant.Parse((string)values[1])),
            AlertingJson.Default.Alert);

    private readonly AlertingOptions _options;
    private readonly AlertMetrics _metrics;

    /// <summary>What fires, and what fired within <see cref="AlertingOptions.History"/>. An alert that fires anew has a row for each time.</summary>
    private readonly Table<(string Fingerprint, DateTimeOffset StartsAt), Alert> _episodes;

    /// <summary>The end of the last window: it tells which resolved alerts are still sent.</summary>
    private readonly Cell<DateTimeOffset> _asOf;

    private Dictionary<string, Alert> _current = [];
    private IReadOnlyList<Alert> _history;
    private IReadOnlyList<Alert> _heldBack = [];

    public AlertBook(AlertingOptions options, StoredState state, AlertMetrics metrics)
    {
        (_options, _metrics) = (options, metrics);
        _episodes = state.Table(Episodes);
        _asOf = state.Cell("alerts_as_of", AlertingJson.Default.DateTimeOffset, default);
        foreach (var alert in _episodes.Values.OrderBy(alert => alert.ResolvedAt ?? DateTimeOffset.MaxValue))
        {
            if (alert.ResolvedAt is not { } at || (at <= _asOf.Value && _asOf.Value - at < ResolvedRetention)) _current[alert.Fingerprint] = alert;
        }

        _history = [.. _episodes.Values];
        metrics.Alerts(_current.Values, []);
    }

    /// <summary>The latest time that an alert fired, as the database has it. Null where it has none. Any thread, also beside a running service.</summary>
    public static Alert? Find(CommittedRows rows, string fingerprint) => rows.Read(
        "SELECT state FROM alert WHERE fingerprint = $1 ORDER BY starts_at DESC LIMIT 1",
        row => JsonSerializer.Deserialize(row.GetString(0), AlertingJson.Default.Alert), fingerprint) is [var alert] ? alert : null;

    /// <summary>All alerts that fire as of the last window, and those that resolved within 15 minutes.</summary>
    public IReadOnlyList<Alert> Current => [.. _current.Values];

    /// <summary>All alerts that fire as of the last window, and those that fired within <see cref="AlertingOptions.History"/>. Any thread.</summary>
    public IReadOnlyList<Alert> History => Volatile.Read(ref _history);

    /// <summary>What would fire too if there were not so many. Any thread.</summary>
    public IReadOnlyList<Alert> HeldBack => Volatile.Read(ref _heldBack);

    /// <summary>All alerts that fire at the end of the window, and those that resolved lately.</summary>
    public IReadOnlyList<Alert> Update(IReadOnlyList<Finding> findings, Window window)
    {
        var (next, heldBack) = Capped(findings.Select(AlertOf));
        if (heldBack.Count > 0)
        {
            var alert = AlertOf(AboutHeldBack(heldBack, window));
            next.Add(alert.Fingerprint, alert);
        }

        foreach (var alert in _current.Values.Where(alert => !next.ContainsKey(alert.Fingerprint)))
        {
            var resolved = alert.ResolvedAt is null ? alert with { ResolvedAt = window.End } : alert;
            if (window.End - resolved.ResolvedAt < ResolvedRetention) next.Add(alert.Fingerprint, resolved);
        }

        (_current, _asOf.Value) = (next, window.End);
        foreach (var alert in next.Values.Where(IsNews)) _episodes.Put(KeyOf(alert), alert);
        Forget(window.End);
        Volatile.Write(ref _history, [.. _episodes.Values]);
        Volatile.Write(ref _heldBack, heldBack);
        _metrics.Alerts(next.Values, heldBack);
        return Current;
    }

    private static (string Fingerprint, DateTimeOffset StartsAt) KeyOf(Alert alert) => (alert.Fingerprint, alert.StartsAt);

    private bool IsNews(Alert alert) =>
        !_episodes.TryFind(KeyOf(alert), out var known) || known.ResolvedAt != alert.ResolvedAt || known.GeneratorUrl != alert.GeneratorUrl
        || alert.Annotations.Any(annotation => known.Annotations.GetValueOrDefault(annotation.Key) != annotation.Value);

    private void Forget(DateTimeOffset now)
    {
        var surplus = _episodes.Count - MaxEpisodes;
        var past = _episodes.Values.Where(alert => !_current.TryGetValue(alert.Fingerprint, out var current) || current.StartsAt != alert.StartsAt)
            .OrderBy(alert => alert.ResolvedAt).ThenBy(alert => alert.Fingerprint, StringComparer.Ordinal);
        foreach (var alert in past.TakeWhile((alert, i) => i < surplus || alert.ResolvedAt is not { } at || now - at >= _options.History).ToList())
            _episodes.Remove(KeyOf(alert));
    }

    private Alert AlertOf(Finding finding)
    {
        var labels = LabelsOf(finding);
        var fingerprint = Fingerprint.Of(labels);
        var firing = IsFiring(fingerprint) ? _current[fingerprint] : null;
        var startsAt = firing?.StartsAt ?? finding.Since;
        var annotations = AnnotationsOf(finding, firing?.Annotations.GetValueOrDefault(Behind));
        return new Alert(fingerprint, labels, annotations, startsAt, null, $"{_options.Home}/alerts/{fingerprint}");
    }

    private bool IsFiring(string fingerprint) => _current.TryGetValue(fingerprint, out var known) && known.ResolvedAt is null;

    /// <summary>Chooses the alerts that may fire. What fires goes on firing. Of the new alerts those about the service itself come first, then the oldest.
    /// The last quarter of the room is for a workload's first alert of a name, so that no workload can fill it all and hide what others do.</summary>
    private (Dictionary<string, Alert> Firing, List<Alert> HeldBack) Capped(IEnumerable<Alert> alerts)
    {
        var (firing, heldBack, perName) = (new Dictionary<string, Alert>(), new List<Alert>(), new Dictionary<string, int>());
        var told = new HashSet<(string Name, Workload Source)>();
        var infos = 0;
        var inOrder = alerts.OrderByDescending(alert => IsFiring(alert.Fingerprint)).ThenBy(alert => alert.Labels.ContainsKey(WorkloadLabel))
            .ThenBy(alert => alert.StartsAt).ThenBy(alert => alert.Fingerprint, StringComparer.Ordinal);
        foreach (var alert in inOrder)
        {
            var about = (alert.Labels["alertname"], Workload.Of(alert.Labels));
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(perName, alert.Labels["alertname"], out _);
            int Room(int most) => told.Contains(about) ? most - (most / 4) : most;
            var isInfo = alert.Labels["severity"] == Severities.Info;
            var hasRoom = isInfo
                ? infos < Room(_options.MaxInfoAlerts)
                : firing.Count - infos < Room(_options.MaxAlerts) && count < Room(_options.MaxAlertsPerName);
            if (!hasRoom && alert.Labels.ContainsKey(WorkloadLabel) && !IsFiring(alert.Fingerprint)) heldBack.Add(alert);
            else if (firing.TryAdd(alert.Fingerprint, alert))
            {
                if (isInfo) infos++;
                else count++;
                told.Add(about);
            }
        }

        return (firing, heldBack);
    }

    private Finding AboutHeldBack(List<Alert> heldBack, Window window)
    {
        var names = heldBack.GroupBy(alert => alert.Labels["alertname"]).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} {group.Key}"));
        return new(
            HeldBackName,
            Severities.Warning,
            new Workload("", ""),
            "",
            window.End,
            string.Create(CultureInfo.InvariantCulture, $"{heldBack.Count} alerts are not sent, because too many fire already"),
            $"Held back: {string.Join(", ", names)}. At most {_options.MaxAlertsPerName} of a name and {_options.MaxAlerts} in all fire at a time, "
            + $"and {_options.MaxInfoAlerts} of severity info. Those held back fire when others resolve. "
            + $"{_options.Home}/alerts?state=held_back lists them.",
            NameSource: null,
            Confirmed: false,
            "egress_alerts_alerts{state=\"held_back\"}")
        {
            Facts = new(
                string.Create(CultureInfo.InvariantCulture, $"{heldBack.Count} more than may fire"), "none",
                heldBack.TrueForAll(alert => alert.Labels["severity"] == Severities.Info) ? "alerting.max_info_alerts" : "alerting.max_alerts_per_name"),
        };
    }

    /// <summary>An empty label is none to Alertmanager.</summary>
    private SortedDictionary<string, string> LabelsOf(Finding finding)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["alertname"] = finding.AlertName, ["severity"] = finding.Severity };
        var about = Workload.Columns.Zip(finding.Source.Values, (name, value) => (name, (string)value)).Append(("destination", finding.Destination));
        foreach (var (name, value) in about)
        {
            if (value.Length > 0) labels[name] = value;
        }

        foreach (var (name, value) in _options.ExternalLabels)
        {
            if (value.Length > 0) labels.TryAdd(name, value);
        }

        return labels;
    }

    /// <param name="behind">What the alert has said since it fired about who stands behind it, so that later traffic does not blur it. Null where it has
    /// said nothing.</param>
    private SortedDictionary<string, string> AnnotationsOf(Finding finding, string? behind)
    {
        behind ??= finding.Behind;
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["summary"] = finding.Summary,
            ["description"] = behind.Length > 0 ? $"{finding.Description} {behind}" : finding.Description,
            ["evidence"] = finding.Evidence,
            ["runbook_url"] = $"{_options.Home}/runbooks/{finding.AlertName}",
        };
        var to = finding.Flow?.To;
        (string, string)[] facts =
        [
            ("resolves", finding.Ends), ("name_source", finding.NameSource?.LabelValue() ?? ""),
            ("confirmed", finding.NameSource is null ? "" : finding.Confirmed ? "true" : "false"),
            ("observed", finding.Facts.Observed), ("expected", finding.Facts.Expected), ("limit_key", finding.Facts.LimitKey),
            ("address", to?.Address?.ToString() ?? ""), ("port", to?.Port ?? ""), ("protocol", finding.Flow?.Protocol.LabelValue() ?? ""),
            ("route", finding.Flow?.Route.LabelValue() ?? ""), (Behind, behind), ("claimed_name", to is null ? "" : to.Sni.Length > 0 ? to.Sni : to.Host),
        ];
        foreach (var (name, value) in facts.Where(fact => fact.Item2.Length > 0)) annotations[name] = value;
        return annotations;
    }
}
