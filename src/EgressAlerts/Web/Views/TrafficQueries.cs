using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>The PromQL with which pages read the history of the exported counters.</summary>
/// <remarks>Names of workloads and destinations are cleaned text (<see cref="LabelText"/>), so they need no escaping between quotes. Only names that are
/// known may be given. Two replicas that are both scraped show the same counters, so the larger of them counts.</remarks>
internal static class TrafficQueries
{
    public const string ByWorkload = "source_cluster, source_workload_namespace, source_workload";

    public const string Pair = ByWorkload + ", destination";

    private const string Flow = Pair + ", destination_port, route, protocol";

    private const string Requests = "__name__=~\"egress_(requests|connections_closed)_total\"";
    private const string RequestFlow = Flow + ", response_code, response_flags";

    /// <summary>By how much the bytes sent out have grown within a range of time, exactly.</summary>
    /// <param name="by">The labels by which they are summed; empty for all together.</param>
    /// <param name="range">As PromQL writes it.</param>
    public static string SentWithin(string by, string range) => Grown(by, "egress_upload_bytes_total", Flow, range);

    public static string ReceivedWithin(string by, string range) => Grown(by, "egress_download_bytes_total", Flow, range);

    /// <summary>Requests, and connections that ended.</summary>
    /// <param name="matchers">Of the counters; empty for all.</param>
    public static string ContactsWithin(string by, string matchers, string range) => Grown(by, $"{{{Joined(Requests, matchers)}}}", RequestFlow, range);

    /// <summary>Bytes sent out in each step of a picture.</summary>
    /// <remarks><c>increase()</c> reads few samples in many short steps, and what it extrapolates cannot be seen in a picture.</remarks>
    /// <param name="step">As PromQL writes it.</param>
    public static string Sent(string by, string matchers, string step) =>
        Summed(by, $"max by ({Flow}) (increase(egress_upload_bytes_total{{{matchers}}}[{step}]))");

    /// <summary>The same of requests, and of connections that ended.</summary>
    public static string Contacts(string by, string matchers, string step) =>
        Summed(by, $"max by ({RequestFlow}) (increase({{{Joined(Requests, matchers)}}}[{step}]))");

    /// <summary>Matches the workload of one cluster. Where the telemetry tells none, the label is empty too.</summary>
    public static string Source(Workload source) =>
        $"source_cluster=\"{source.Cluster}\",source_workload_namespace=\"{source.Namespace}\",source_workload=\"{source.Name}\"";

    /// <summary>Matches the workloads of a list, which may be of several namespaces. Others with the same two names may match too.</summary>
    public static string Sources(IReadOnlyList<Workload> sources) =>
        $"source_workload_namespace=~\"{AnyOf(sources.Select(source => source.Namespace))}\","
            + $"source_workload=~\"{AnyOf(sources.Select(source => source.Name))}\"";

    /// <summary>The values of the labels of <see cref="ByWorkload"/>, joined as <see cref="TrafficHistory.SentAsync"/> joins them.</summary>
    public static string KeyOf(Workload source) => string.Join('\n', source.Values);

    public static string To(string destination) => $"destination=\"{destination}\"";

    public static string Blocked { get; } = $"route=\"{Route.Blocked.LabelValue()}\"";

    /// <summary>What the counters are now, less what they were. They go on over restarts of the service, so that is exact, where <c>increase()</c> would
    /// extrapolate. A counter that was not there counts from 0, because every one of them begins there.</summary>
    private static string Grown(string by, string selector, string flow, string range)
    {
        var now = $"max by ({flow}) (last_over_time({selector}[1h]))";
        return Summed(by, $"clamp_min({now} - (max by ({flow}) (last_over_time({selector}[1h] offset {range})) or {now} * 0), 0)");
    }

    private static string Summed(string by, string perFlow) => by.Length > 0 ? $"sum by ({by}) ({perFlow})" : $"sum({perFlow})";

    private static string AnyOf(IEnumerable<string> names) =>
        string.Join('|', names.Distinct().Select(name => name.Replace(".", "[.]", StringComparison.Ordinal)));

    private static string Joined(string one, string other) => other.Length > 0 ? $"{one},{other}" : one;
}
