using EgressAlerts.Common;

namespace EgressAlerts.Detection;

/// <summary>The PromQL that findings show as their evidence. It selects the counters that <c>/metrics</c> exports.</summary>
/// <remarks>Names of workloads and destinations are cleaned text (<see cref="LabelText"/>), so they need no escaping between quotes.</remarks>
internal static class PromQl
{
    /// <summary>Matches the counters of requests and connections.</summary>
    private const string Contacts = "__name__=~\"egress_(requests|connections_closed)_total\"";

    /// <summary>All counters between a workload and a destination.</summary>
    /// <param name="route">Null for every route.</param>
    public static string Pair(Workload source, string destination, Route? route) =>
        $"{{__name__=~\"egress_.+_total\",{Source(source)},destination=\"{destination}\"" + (route is { } one ? $",route=\"{one.LabelValue()}\"}}" : "}");

    /// <summary>How often a workload contacted a destination.</summary>
    public static string Pulse(Workload source, string destination) =>
        $"sum by (destination) (increase({{{Contacts},{Source(source)},destination=\"{destination}\"}}[5m]))";

    /// <summary>How many destinations a workload contacted within some hours.</summary>
    public static string Destinations(Workload source, int hours) =>
        $"count(count by (destination) (increase({{{Contacts},{Source(source)},route!=\"blocked\"}}[{hours}h]) > 0))";

    /// <summary>How many destinations and ports the mesh refused to a workload.</summary>
    public static string Refused(Workload source) =>
        $"count(count by (destination, destination_port) ({{{Contacts},{Source(source)},route=\"blocked\"}}))";

    /// <summary>The ten destinations to which a workload sent most within an hour.</summary>
    /// <param name="site">Only the destinations of this site; empty for all.</param>
    public static string Uploads(Workload source, string site) =>
        $"topk(10, sum by (destination) (increase(egress_upload_bytes_total{{{Source(source)}{(site.Length > 0 ? "," + Site(site) : "")}}}[1h])))";

    /// <summary>The ten workloads that sent most to a site within an hour.</summary>
    /// <param name="site">Empty for all destinations.</param>
    public static string Uploaders(string site) =>
        "topk(10, sum by (source_cluster, source_workload_namespace, source_workload) "
            + $"(increase(egress_upload_bytes_total{(site.Length > 0 ? "{" + Site(site) + "}" : "")}[1h])))";

    /// <summary>Replaces a group of workloads by its members, because their counters have their own names.</summary>
    public static string WithMembers(string query, Workload group, IReadOnlyList<WorkloadPattern> members) => query.Replace(
        Source(group),
        $"source_workload_namespace=~\"{AnyOf(members.Select(member => member.Namespace))}\","
            + $"source_workload=~\"{AnyOf(members.Select(member => member.Name))}\"{Cluster(group)}",
        StringComparison.Ordinal);

    private static string Source(Workload source) =>
        $"source_workload_namespace=\"{source.Namespace}\",source_workload=\"{source.Name}\"{Cluster(source)}";

    private static string Cluster(Workload source) => source.Cluster.Length > 0 ? $",source_cluster=\"{source.Cluster}\"" : "";

    /// <summary>Matches a site and all names below it. A rolled-up name such as <c>*.example.com</c> is one too: its star is no operator.</summary>
    private static string Site(string site) => $"destination=~\"(.+[.])?{Escaped(site).Replace("*", "[*]", StringComparison.Ordinal)}\"";

    private static string AnyOf(IEnumerable<Pattern> patterns) =>
        string.Join('|', patterns.Select(pattern => Escaped(pattern.Text).Replace("*", ".*", StringComparison.Ordinal)).Distinct());

    private static string Escaped(string name) => name.Replace(".", "[.]", StringComparison.Ordinal);
}
