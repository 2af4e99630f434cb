using EgressAlerts.Common;

namespace EgressAlerts.Polling;

/// <summary>A waypoint that takes egress from ztunnel and counts none of it: it is not scraped, or it has none of Istio's metrics. Stateless.</summary>
internal static class BlindWaypoint
{
    private const int MaxName = 130;

    private const string Opened = "istio_tcp_connections_opened_total";

    /// <summary>Names, in the label <c>waypoint</c>, the workloads to which ztunnel sends egress over mTLS where no waypoint counts the host or reports from
    /// the namespace. A virtual machine of the mesh is no such workload, because it counts what reaches it as a destination.</summary>
    /// <param name="matchers">Further matchers, each behind a comma.</param>
    public static string Query(string matchers)
    {
        var hop = $"{Opened}{{reporter=\"source\",connection_security_policy=\"mutual_tls\",destination_workload!~\"|unknown\","
            + $"destination_service=~\".+[.].+\",destination_service!~\".+[.]svc([.].+)?\"{matchers}}}";
        var counted = $"{{__name__=~\"istio_requests_total|{Opened}\",reporter=\"waypoint\"{matchers}}}";
        return "label_join(group by (destination_workload_namespace, destination_workload) ("
            + $"{hop} unless on (destination_service) {counted} unless on (destination_workload_namespace) "
            + $"label_replace({counted}, \"destination_workload_namespace\", \"$1\", \"destination_service_namespace\", \"(.+)\") "
            + $"unless on (destination_workload_namespace, destination_workload) {Opened}{{reporter=\"destination\"{matchers}}}"
            + "), \"waypoint\", \"/\", \"destination_workload_namespace\", \"destination_workload\")";
    }

    /// <param name="names">As namespace/name.</param>
    public static TelemetryWarning? Warning(IReadOnlyList<string> names) => names.Count == 0 ? null : new(
        TelemetryWarning.BlindWaypoint,
        $"ztunnel sends egress to {string.Join(", ", names.Select(name => QuotedText.Of(name, MaxName)))}, and no waypoint there counts any of it: "
        + "this traffic is not seen, and no alert watches it",
        "scrape the waypoint (port 15020, path /stats/prometheus); an agentgateway has none of Istio's metrics, so write gatewayClassName: istio-waypoint "
        + "into its Gateway; remove 'disabled: true' for SERVER from the Telemetry resources of its namespace")
    {
        Promql = Query(""),
        IsBroken = true,
    };
}
