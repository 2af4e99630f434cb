using EgressAlerts.Alerting;
using EgressAlerts.Detection;
using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>Label matchers that select the counters of an alert's workload and destination.</summary>
internal static class AlertMatchers
{
    public static string Of(Alert alert, IReadOnlyList<WorkloadGroup> groups)
    {
        var source = Workload.Of(alert.Labels);
        List<WorkloadPattern> members = [.. groups.Where(group => group.Of(source) == source).Select(group => group.Match)];
        var matchers = members.Count == 0
            ? $"source_workload_namespace=\"{Text(source.Namespace)}\",source_workload=\"{Text(source.Name)}\""
            : $"source_workload_namespace=~\"{AnyOf(members.Select(one => one.Namespace))}\",source_workload=~\"{AnyOf(members.Select(one => one.Name))}\"";
        if (source.Cluster.Length > 0) matchers += $",source_cluster=\"{Text(source.Cluster)}\"";
        return matchers + Destination(alert) + (alert.Labels["alertname"] == "EgressBlocked" ? $",{TrafficQueries.Blocked}" : "");
    }

    /// <summary>Whether a destination belongs to the alert. An upload spike is about a site, with all names below it.</summary>
    public static bool IsAbout(Alert alert, string destination) =>
        alert.Labels.GetValueOrDefault("destination") is { } about
        && (destination == about || (IsSite(alert) && destination.EndsWith("." + about.TrimStart('*', '.'), StringComparison.Ordinal)));

    private static string Destination(Alert alert)
    {
        if (alert.Labels.GetValueOrDefault("destination") is not { } destination) return "";
        if (alert.Labels["alertname"] != "EgressUploadSpike") return $",destination=\"{Text(destination)}\"";
        // A group without a verified name is a network, which no counter has as its label.
        return IsSite(alert) ? $",destination=~\"(.+[.])?{Pattern(destination)}\"" : "";
    }

    private static bool IsSite(Alert alert) =>
        alert.Labels["alertname"] == "EgressUploadSpike" && alert.Annotations.GetValueOrDefault("confirmed") == "true";

    private static string AnyOf(IEnumerable<Pattern> patterns) =>
        string.Join('|', patterns.Select(pattern => Pattern(pattern.Text).Replace("[*]", ".*", StringComparison.Ordinal)).Distinct());

    /// <summary>A text that matches only itself.</summary>
    private static string Pattern(string text) => string.Concat(text.Select(c =>
        c is '.' or '*' or '+' or '?' or '(' or ')' or '[' or '{' or '}' or '|' or '$' ? $"[{c}]" : c is '\\' or '"' or '^' or '\n' ? "." : $"{c}"));

    private static string Text(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
