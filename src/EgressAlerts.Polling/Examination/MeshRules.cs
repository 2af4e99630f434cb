using System.Text.RegularExpressions;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>What counts of series say of a mesh. Stateless.</summary>
internal static partial class MeshRules
{
    private const string Traffic = "__name__=~\"istio_requests_total|istio_tcp_connections_opened_total\"";

    /// <summary>The labels without which nobody knows who talked to what. Each proxy since Istio 1.3 has them, unless somebody removes them.</summary>
    private static readonly string[] Needed =
        ["reporter", "source_workload", "source_workload_namespace", "destination_service", "destination_service_name", "response_flags"];

    public static string AgentgatewayQuery => "count({__name__=~\"agentgateway_.+\"})";

    public static string UnidentifiedQuery(string matchers) =>
        "count(istio_tcp_connections_opened_total{reporter=\"source\",destination_service=~\"|unknown\",destination_service_name=~\"|unknown\","
        + $"destination_workload=~\"|unknown\"{matchers}}})";

    public static string WaypointQuery(string matchers) => $"count({{{Traffic},reporter=\"waypoint\"{matchers}}})";

    public static string MergedTargetsQuery => "count(up{instance=~\".+:15020\"} == 1)";

    public static string MergedSeriesQuery(string matchers) => $"count({{{Traffic},instance=~\".+:15020\"{matchers}}})";

    /// <summary>Counts, for each needed label, the series that lack it.</summary>
    public static string LabelsQuery(string matchers) => string.Join(" or ", Needed.Select(label =>
        $"label_replace(count({{{Traffic},reporter!=\"destination\",{label}=\"\"{matchers}}}), \"missing\", \"{label}\", \"\", \"\")"));

    /// <param name="missing">How many series lack which label.</param>
    /// <param name="all">How many series there are of requests and connections.</param>
    public static Check Labels(IReadOnlyDictionary<string, double> missing, long all, string query)
    {
        var gone = Needed.Where(label => missing.GetValueOrDefault(label) > 0).ToList();
        if (gone.Count == 0 || all == 0) return TelemetryChecks.Labels.Ok("all labels that are needed are there", query);
        var told = string.Join(", ", gone.Select(label => FormattableString.Invariant($"{label} in {Math.Min(100, 100 * missing[label] / all):0.#} %")));
        var message = $"some series lack labels that tell who talked to what: {told}";
        const string Remedy = "remove 'operation: REMOVE' of these tags from the Telemetry resources (kubectl get telemetry -A -o yaml), "
            + "and labeldrop of them from metric_relabel_configs";
        return gone.Exists(label => label != "response_flags" && missing[label] >= all / 2.0)
            ? TelemetryChecks.Labels.Fail(message, Remedy, query)
            : TelemetryChecks.Labels.Warn(message, Remedy, query);
    }

    public static Check Ambient(double unidentified, double waypoint, string query) => (unidentified, waypoint) switch
    {
        (0, 0) => TelemetryChecks.Ambient.Ok("no egress passes ztunnel alone", query),
        (0, _) => TelemetryChecks.Ambient.Ok(
            "no egress passes ztunnel alone. At a waypoint AuthorizationPolicies refuse egress, because REGISTRY_ONLY does nothing in ambient mode", query),
        var (all, way) => TelemetryChecks.Ambient.Warn(
            FormattableString.Invariant($"{all:0} series are of egress that ztunnel alone let out: it tells no destination, and nothing can refuse it. ")
            + (way == 0 ? "There is no waypoint. " : "")
            + "REGISTRY_ONLY does nothing in ambient mode",
            "istioctl waypoint apply -n istio-egress --name waypoint; kubectl label namespace istio-egress istio.io/use-waypoint=waypoint; then ServiceEntries "
            + "there (egress-alerts propose --mode=ambient), an AuthorizationPolicy with targetRefs to them, and a NetworkPolicy against direct ways",
            query),
    };

    public static Check Agentgateway(double series) => series == 0
        ? TelemetryChecks.Agentgateway.Ok("there is no agentgateway", AgentgatewayQuery)
        : TelemetryChecks.Agentgateway.Warn(
            "agentgateway runs in this mesh. It has none of Istio's metrics, so egress through an agentgateway waypoint is not seen",
            "gatewayClassName: istio-waypoint, in the Gateway of each waypoint that egress goes through",
            AgentgatewayQuery);

    /// <param name="targets">Targets with port 15020 that can be scraped.</param>
    /// <param name="merged">Istio's series from port 15020.</param>
    /// <param name="all">Istio's series from anywhere.</param>
    public static Check Merged(double targets, double merged, long all, string query)
    {
        var kind = TelemetryChecks.Merged;
        if (targets == 0) return kind.Ok("port 15020 is not scraped", query);
        if (merged > 0) return kind.Ok("port 15020 shows Istio's metrics", query);
        return all > 0
            ? kind.Ok("port 15020 does not show Istio's metrics, but another port does", query)
            : kind.Fail(
                FormattableString.Invariant($"{targets:0} targets of port 15020 are up, and none shows Istio's metrics: the agent does not merge them"),
                "PILOT_AGENT_MERGE_ENVOY_STATS: \"true\" in meshConfig.defaultConfig.proxyMetadata, or scrape port 15090 (path /stats/prometheus)",
                query);
    }

    /// <param name="config">The configuration of a Prometheus; empty where it is not known.</param>
    public static Check Shards(string config)
    {
        var kind = TelemetryChecks.Shards;
        if (config.Length == 0) return kind.Ok("the server does not show whether it is a shard");
        var most = ModulusPattern().Matches(config).Select(match => int.TryParse(match.Groups[1].Value, out var number) ? number : 0).DefaultIfEmpty().Max();
        return most <= 1
            ? kind.Ok("the server is not a shard of several")
            : kind.Warn(
                FormattableString.Invariant($"the server scrapes one of {most} shards of its targets, so the traffic of the others is not seen"),
                "prometheus: {url: 'http://THANOS-QUERY:10902?dedup=false'}, a query API that reads all shards",
                "count by (job) (up)");
    }

    /// <param name="largest">How many series of one metric are read, of the metric of which it is most.</param>
    public static Check Limits(ServerLimits limits, long largest, PollingOptions options, TimeSpan interval)
    {
        var kind = ServerChecks.Limits;
        var perSeries = Math.Ceiling((options.Interval + options.Late) / interval) + 1;
        var samples = largest * perSeries;
        var lookback = limits.Lookback.Length > 0 ? $", its lookback is {limits.Lookback}" : "";
        const string Query = "topk(1, count by (__name__) ({__name__=~\"istio_.+\"}))";
        if (limits.MaxSeries < largest)
        {
            return kind.Fail(
                FormattableString.Invariant($"a query may read {limits.MaxSeries} series, and {largest} of one metric are read"),
                FormattableString.Invariant($"-search.maxUniqueTimeseries={largest * 2}, at VictoriaMetrics"),
                Query);
        }

        if (limits.MaxSamples is not { } most) return kind.Ok("the server shows no limit of samples", Query);
        var message = FormattableString.Invariant($"a query may read {most} samples, and a window has about {samples:0} of one metric{lookback}");
        return samples * 2 <= most
            ? kind.Ok(message, Query)
            : kind.Warn(
                message, FormattableString.Invariant($"--query.max-samples={samples * 4:0}, or prometheus: {{matchers: ['job=\"envoy-stats\"']}}"), Query);
    }

    [GeneratedRegex(@"^\s*-?\s*modulus:\s*(\d{1,6})\s*$", RegexOptions.NonBacktracking | RegexOptions.Multiline)]
    private static partial Regex ModulusPattern();
}
