using System.Text.Json.Serialization;
using EgressAlerts.Alerting;

namespace EgressAlerts.Backtest;

/// <summary>An alert that would have fired. Texts that an alert does not have are empty.</summary>
/// <param name="Begin">The end of the window in which it began.</param>
/// <param name="End">The end of the window in which it resolved; null where it still fires at the end.</param>
internal sealed record PlayedAlert(
    DateTimeOffset Begin, DateTimeOffset? End, string Alertname, string Severity, string Cluster, string Namespace, string Workload, string Destination,
    string Summary)
{
    /// <summary>What tells it from others that begin at the same time: all but the external labels.</summary>
    [JsonIgnore]
    public string Key => string.Join('\n', Alertname, Severity, Cluster, Namespace, Workload, Destination);

    public static PlayedAlert Of(Alert alert)
    {
        string Label(string name) => alert.Labels.GetValueOrDefault(name, "");
        return new(
            alert.StartsAt, alert.ResolvedAt, Label("alertname"), Label("severity"), Label("source_cluster"), Label("source_workload_namespace"),
            Label("source_workload"), Label("destination"), alert.Annotations.GetValueOrDefault("summary", ""));
    }
}

/// <summary>How many alerts of a name and severity began on a day, in UTC.</summary>
internal sealed record AlertCount(string Alertname, string Severity, DateOnly Day, int Alerts);

/// <summary>How many alerts were about a workload.</summary>
internal sealed record WorkloadCount(string Namespace, string Workload, int Alerts);
