namespace EgressAlerts.Web;

/// <summary>What the list of alerts shows. The rows of one workload stand together.</summary>
/// <param name="State"><c>firing</c>, <c>held_back</c> or <c>resolved</c>.</param>
/// <param name="Counts">How many there are in each state, whatever the filter.</param>
public sealed record AlertsModel(string State, AlertCounts Counts, AlertFilter Filter, IReadOnlyList<string> AlertNames, RowsPage<AlertRow> Alerts);

/// <summary>How many alerts there are.</summary>
public sealed record AlertCounts(int Firing, int HeldBack, int Resolved);

/// <summary>Which alerts are asked for. An empty text asks for all.</summary>
public sealed record AlertFilter(string Cluster, string Namespace, string Workload, string Destination, string Alertname, string Severity)
{
    internal bool IsEmpty => this == new AlertFilter("", "", "", "", "", "");

    internal static AlertFilter Read(Arguments arguments) => new(
        arguments.Text("cluster"),
        arguments.Text("namespace"),
        arguments.Text("workload"),
        arguments.Text("destination"),
        arguments.Text("alertname"),
        arguments.OneOf("severity", ["", .. Model.Severities.All]));

    internal bool Takes(AlertRow row) =>
        IsOne(Cluster, row.SourceCluster) && IsOne(Namespace, row.SourceWorkloadNamespace) && IsOne(Workload, row.SourceWorkload)
        && IsOne(Destination, row.Destination) && IsOne(Alertname, row.Alertname) && IsOne(Severity, row.Severity);

    private static bool IsOne(string wanted, string value) => wanted.Length == 0 || wanted == value;
}

/// <summary>An alert in a list. Texts are empty where the alert has none.</summary>
/// <param name="State"><c>firing</c>, <c>held_back</c> or <c>resolved</c>.</param>
public sealed record AlertRow(
    string Fingerprint, string Alertname, string Severity, string State, string SourceCluster, string SourceWorkloadNamespace, string SourceWorkload,
    string Destination, string NameSource, bool Confirmed, string Observed, string Expected, DateTimeOffset StartsAt, DateTimeOffset? EndsAt)
{
    internal Model.Workload Source => new(SourceWorkloadNamespace, SourceWorkload, SourceCluster);

    /// <summary>The alerts that fire, the worst first, and of those the latest.</summary>
    internal static IReadOnlyList<AlertRow> Firing(IEnumerable<Alerting.Alert> alerts) =>
    [
        .. alerts.Where(alert => alert.ResolvedAt is null).Select(alert => Of(alert))
            .OrderByDescending(row => Model.Severities.Rank(row.Severity)).ThenByDescending(row => row.StartsAt),
    ];

    internal static AlertRow Of(Alerting.Alert alert, bool isHeldBack = false)
    {
        string Label(string name) => alert.Labels.GetValueOrDefault(name, "");
        string Annotation(string name) => alert.Annotations.GetValueOrDefault(name, "");
        return new(
            alert.Fingerprint, Label("alertname"), Label("severity"),
            isHeldBack ? AlertQuery.HeldBack : alert.ResolvedAt is null ? AlertQuery.Firing : AlertQuery.Resolved,
            Label("source_cluster"), Label("source_workload_namespace"), Label("source_workload"), Label("destination"),
            Annotation("name_source"), Annotation("confirmed") == "true", Annotation("observed"), Annotation("expected"), alert.StartsAt, alert.ResolvedAt);
    }
}
