using System.Globalization;
using System.Runtime.InteropServices;
using EgressAlerts.Model;

namespace EgressAlerts.Alerting;

/// <summary>Follows findings over time: a new one fires, one that is no longer found resolves. Called by the pass alone.</summary>
public sealed class AlertBook(AlertingOptions options, AlertMetrics metrics)
{
    /// <summary>A resolved alert is sent again for this long, as Prometheus does, in case an Alertmanager was away.</summary>
    private static readonly TimeSpan ResolvedRetention = TimeSpan.FromMinutes(15);

    private const string Namespace = "source_workload_namespace";
    private const string Workload = "source_workload";

    /// <summary>Fires while others are held back.</summary>
    public const string HeldBackName = "EgressAlertsHeldBack";

    private Dictionary<string, Alert> _alerts = [];
    private IReadOnlyList<Alert> _heldBack = [];

    /// <summary>All alerts as of the last window.</summary>
    public IReadOnlyList<Alert> Current => [.. _alerts.Values];

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

        foreach (var alert in _alerts.Values.Where(alert => !next.ContainsKey(alert.Fingerprint)))
        {
            var resolved = alert.ResolvedAt is null ? alert with { ResolvedAt = window.End } : alert;
            if (window.End - resolved.ResolvedAt < ResolvedRetention) next.Add(alert.Fingerprint, resolved);
        }

        _alerts = next;
        Volatile.Write(ref _heldBack, heldBack);
        metrics.Alerts(next.Values, heldBack);
        return Current;
    }

    public void Save(BinaryWriter to) => to.WriteAll(_alerts.Values, alert =>
    {
        WritePairs(to, alert.Labels);
        WritePairs(to, alert.Annotations);
        to.Write(alert.StartsAt);
        to.Write(alert.ResolvedAt ?? default);
        to.Write(alert.GeneratorUrl);
    });

    public void Load(BinaryReader from)
    {
        foreach (var (labels, annotations, startsAt, resolvedAt, link) in from.ReadAll(() => (
            ReadPairs(from), ReadPairs(from), from.ReadInstant(), from.ReadInstant(), from.ReadString())))
        {
            var fingerprint = Fingerprint(labels);
            _alerts[fingerprint] = new Alert(fingerprint, labels, annotations, startsAt, resolvedAt == default ? null : resolvedAt, link);
        }

        metrics.Alerts(_alerts.Values, []);
    }

    private Alert AlertOf(Finding finding)
    {
        var labels = LabelsOf(finding);
        var fingerprint = Fingerprint(labels);
        return new Alert(fingerprint, labels, AnnotationsOf(finding), IsFiring(fingerprint) ? _alerts[fingerprint].StartsAt : finding.Since, null, Link(finding));
    }

    private bool IsFiring(string fingerprint) => _alerts.TryGetValue(fingerprint, out var known) && known.ResolvedAt is null;

    /// <summary>What fires goes on firing; of what is new the oldest comes first, and what is about no workload, but about the service, always. The last quarter of
    /// the room is for a workload's first alert of a name, so that none can fill it all and hide what others do.</summary>
    private (Dictionary<string, Alert> Firing, List<Alert> HeldBack) Capped(IEnumerable<Alert> alerts)
    {
        var (firing, heldBack, perName, told) = (new Dictionary<string, Alert>(), new List<Alert>(), new Dictionary<string, int>(), new HashSet<(string Name, string Namespace, string Workload)>());
        foreach (var alert in alerts.OrderByDescending(alert => IsFiring(alert.Fingerprint)).ThenBy(alert => alert.Labels.ContainsKey(Workload)).ThenBy(alert => alert.StartsAt).ThenBy(alert => alert.Fingerprint, StringComparer.Ordinal))
        {
            var about = (alert.Labels["alertname"], alert.Labels.GetValueOrDefault(Namespace, ""), alert.Labels.GetValueOrDefault(Workload, ""));
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(perName, alert.Labels["alertname"], out _);
            int Room(int most) => told.Contains(about) ? most - (most / 4) : most;
            var hasRoom = (firing.Count < Room(options.MaxAlerts) && count < Room(options.MaxAlertsPerName)) || !alert.Labels.ContainsKey(Workload) || IsFiring(alert.Fingerprint);
            if (!hasRoom) heldBack.Add(alert);
            else if (firing.TryAdd(alert.Fingerprint, alert))
            {
                count++;
                told.Add(about);
            }
        }

        return (firing, heldBack);
    }

    private Finding AboutHeldBack(List<Alert> heldBack, Window window)
    {
        var names = heldBack.GroupBy(alert => alert.Labels["alertname"]).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} {group.Key}"));
        return new(
            HeldBackName,
            "warning",
            new Model.Workload("", ""),
            "",
            window.End,
            "Some alerts are held back because there are too many.",
            $"Held back: {string.Join(", ", names)}. At most {options.MaxAlertsPerName} of a name and {options.MaxAlerts} in all fire at a time; those held back fire as others resolve. {Base}/api/v1/alerts?state=held_back lists them.",
            NameSource.Unknown,
            Confirmed: false,
            "egress_alerts_alerts{state=\"held_back\"}");
    }

    /// <summary>An empty label is none to Alertmanager.</summary>
    private SortedDictionary<string, string> LabelsOf(Finding finding)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["alertname"] = finding.AlertName, ["severity"] = finding.Severity };
        foreach (var (name, value) in ((string, string)[])[(Namespace, finding.Source.Namespace), (Workload, finding.Source.Name), ("destination", finding.Destination)])
        {
            if (value.Length > 0) labels[name] = value;
        }

        foreach (var (name, value) in options.ExternalLabels) labels.TryAdd(name, value);
        return labels;
    }

    private SortedDictionary<string, string> AnnotationsOf(Finding finding) => new(StringComparer.Ordinal)
    {
        ["summary"] = finding.Summary,
        ["description"] = finding.Description,
        ["name_source"] = finding.NameSource.Word(),
        ["confirmed"] = finding.Confirmed ? "true" : "false",
        ["evidence"] = finding.Evidence,
        ["runbook_url"] = $"{Base}/runbooks/{finding.AlertName}",
    };

    private string Link(Finding finding) =>
        $"{Base}/api/v1/alerts?alertname={Uri.EscapeDataString(finding.AlertName)}&source_workload_namespace={Uri.EscapeDataString(finding.Source.Namespace)}"
        + $"&source_workload={Uri.EscapeDataString(finding.Source.Name)}&destination={Uri.EscapeDataString(finding.Destination)}";

    private string Base => options.ExternalUrl.AbsoluteUri.TrimEnd('/');

    private static string Fingerprint(IReadOnlyDictionary<string, string> labels) => string.Join('\0', labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}\0{label.Value}"));

    private static void WritePairs(BinaryWriter to, IReadOnlyDictionary<string, string> pairs) => to.WriteAll(pairs, pair =>
    {
        to.Write(pair.Key);
        to.Write(pair.Value);
    });

    private static SortedDictionary<string, string> ReadPairs(BinaryReader from)
    {
        var pairs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in from.ReadAll(() => (from.ReadString(), from.ReadString()))) pairs[name] = value;
        return pairs;
    }
}
