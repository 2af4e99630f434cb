using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Whether there is anything to read. Stateless.</summary>
internal static class SeriesRules
{
    /// <summary>Metrics that belong together: one that lacks is dropped somewhere.</summary>
    private static readonly string[][] Families =
    [
        [.. RawMetric.All.Where(raw => !raw.Tcp).Select(raw => raw.Name)],
        [.. RawMetric.All.Where(raw => raw.Tcp).Select(raw => raw.Name)],
    ];

    /// <param name="anywhere">How many series there are without <c>prometheus.matchers</c>.</param>
    public static Check Series(MeshSizes sizes, double anywhere, IReadOnlyList<string> matchers, string query)
    {
        var kind = TelemetryChecks.Series;
        if (sizes.All == 0 && anywhere > 0 && matchers.Count > 0)
        {
            return kind.Fail(
                FormattableString.Invariant($"prometheus.matchers ({string.Join(", ", matchers)}) select none of {anywhere:0} series of Istio"),
                "prometheus: {matchers: []}, or matchers of the jobs that 'count by (job) (istio_requests_total)' shows",
                "count by (job) (istio_requests_total)");
        }

        if (sizes.All == 0)
        {
            return kind.Fail(
                "the server has no series of Istio's metrics",
                "scrape the proxies: kubectl apply -f samples/addons/extras/prometheus-operator.yaml of Istio, or a job for port 15090, path /stats/prometheus",
                query);
        }

        var missing = Families.Where(family => family.Any(name => sizes.Of(name) > 0)).SelectMany(family => family.Where(name => sizes.Of(name) == 0)).ToList();
        if (missing.Count > 0)
        {
            return kind.Warn(
                $"there are no series of {string.Join(", ", missing)}, but of metrics that come with them: they are dropped, so what they count is not seen",
                $"remove the drop of {string.Join('|', missing)} from metric_relabel_configs, and 'disabled: true' from the Telemetry resource",
                query);
        }

        var absent = Families.SelectMany(family => family).Where(name => sizes.Of(name) == 0).ToList();
        return kind.Ok(
            FormattableString.Invariant($"there are {sizes.All} series of Istio") + (absent.Count == 0 ? "" : $", none of {string.Join(", ", absent)}"), query);
    }

    public static Check Egress(TelemetryReport report, MeshSizes sizes, string sample)
    {
        var egress = report.Coverage.Sum(coverage => coverage.Series);
        var of = sample.Length == 0 ? $"{sizes.All}" : $"a sample of {sizes.All}";
        const string Query = "count by (destination_service_name) (istio_tcp_connections_opened_total{reporter=\"source\"})";
        return egress > 0
            ? TelemetryChecks.Egress.Ok(FormattableString.Invariant($"{egress} of {of} series count egress"), Query)
            : TelemetryChecks.Egress.Warn(
                FormattableString.Invariant($"none of {of} series counts egress: nothing has left the mesh lately, or the proxies of clients do not report"),
                "kubectl exec into a pod with a sidecar, and curl -s https://example.com; then 'disabled: true' of CLIENT in the Telemetry resources",
                Query);
    }
}
