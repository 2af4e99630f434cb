using EgressAlerts.Configuration;
using EgressAlerts.Doctor;
using EgressAlerts.Model;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Doctor;

/// <summary>Meshes that are broken in one way each, on a real Prometheus. The doctor finds each by its code, with what mends it.</summary>
public sealed class TelemetrySetUpTests : IDisposable
{
    private const string Source = "source_workload=\"cart\",source_workload_namespace=\"shop\"";
    private const string Target = "job=\"envoy-stats\",instance=\"10.44.0.1:15090\"";

    private const string Waypoint = $"reporter=\"waypoint\",{Source},destination_service=\"api.example.com\",destination_service_name=\"api.example.com\","
        + "destination_service_namespace=\"istio-egress\",destination_workload=\"unknown\",request_protocol=\"http\",response_flags=\"-\"";

    private const string Hop = $"reporter=\"source\",{Source},destination_service=\"api.example.com\",destination_service_name=\"api.example.com\","
        + "destination_service_namespace=\"istio-egress\",destination_workload=\"waypoint\",destination_workload_namespace=\"istio-egress\","
        + "destination_principal=\"spiffe://cluster.local/ns/istio-egress/sa/waypoint\",connection_security_policy=\"mutual_tls\",request_protocol=\"tcp\","
        + "response_flags=\"-\",destination_ip=\"52.1.2.3:443\"";

    private static readonly Dictionary<string, (Func<MeshHistory> Mesh, string Config)> Broken = new()
    {
        ["two jobs scrape the same proxy"] = (() => MeshHistory.Healthy().Up("kubernetes-pods", 15020).Mesh("kubernetes-pods", 15020), ""),
        ["two replicas without deduplication"] = (
            () => new MeshHistory().Up("envoy-stats", 15090, Replica("a")).Up("envoy-stats", 15090, Replica("b"))
                .Mesh("envoy-stats", 15090, Replica("a")).Mesh("envoy-stats", 15090, Replica("b")), ""),
        ["no up series"] = (() => new MeshHistory().Mesh("envoy-stats", 15090), ""),
        ["a tag that Envoy did not know"] = (() => MeshHistory.Healthy().Add("envoy_request_url_istio_requests_total", Target), ""),
        ["blocked without an address"] = (
            () => MeshHistory.Healthy().Connections($"{Target},reporter=\"source\",{Source},destination_service=\"unknown\","
                + "destination_service_name=\"BlackHoleCluster\",destination_workload=\"unknown\",response_flags=\"UH\",destination_ip=\"unknown\""), ""),
        ["a 403 of a waypoint"] = (() => MeshHistory.Healthy().Add("istio_requests_total", $"{Target},{Waypoint},response_code=\"403\""), ""),
        ["an agentgateway waypoint"] = (() => MeshHistory.Healthy().Connections($"{Target},{Hop}"), ""),
        ["a secure metrics port beside the plain one"] = (() => MeshHistory.Healthy().Up("secure", 15443).Mesh("secure", 15443), ""),
        ["no Telemetry resource"] = (() => new MeshHistory().Up("envoy-stats", 15090).Mesh("envoy-stats", 15090, address: ""), ""),
        ["a scrape a minute"] = (() => new MeshHistory { Step = 60 }.Up("envoy-stats", 15090).Mesh("envoy-stats", 15090), ""),
        ["ambient without a waypoint"] = (
            () => MeshHistory.Healthy().Connections($"{Target},app=\"ztunnel\",reporter=\"source\",{Source},destination_service=\"unknown\","
                + "destination_service_name=\"unknown\",destination_workload=\"unknown\",response_flags=\"-\""), ""),
        ["agentgateway"] = (() => MeshHistory.Healthy().Add("agentgateway_requests_total", "gateway=\"egress\""), ""),
        ["merged statistics switched off"] = (() => new MeshHistory().Up("kubernetes-pods", 15020), ""),
        ["nothing of Istio"] = (() => new MeshHistory().Up("node", 9100), ""),
        ["matchers that select nothing"] = (MeshHistory.Healthy, "matchers: ['job=\"other\"'], "),
        ["a metric is dropped"] = (
            () => new MeshHistory().Up("envoy-stats", 15090).Add(
                "istio_tcp_connections_opened_total", $"{Target},reporter=\"source\",{Source},destination_service_name=\"PassthroughCluster\""), ""),
        ["a label is removed"] = (() => new MeshHistory().Up("envoy-stats", 15090).Mesh("envoy-stats", 15090, workload: ""), ""),
        ["a proxy that cannot be scraped"] = (() => MeshHistory.Healthy().Up("envoy-stats", 15091, value: 0), ""),
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("two jobs scrape the same proxy", "double_counting", "warn", "add 'job=\"envoy-stats\"' to prometheus.matchers")]
    [InlineData("two replicas without deduplication", "double_counting", "warn", "add 'prometheus_replica=\"a\"' to prometheus.matchers")]
    [InlineData("no up series", "without_up", "warn", "store the up series of these jobs too")]
    [InlineData("a tag that Envoy did not know", "mangled_names", "fail", "apply the Telemetry resource")]
    [InlineData("blocked without an address", "blocked_without_address", "warn", "destination_ip from destination.address")]
    [InlineData("a 403 of a waypoint", "unclear_refusals", "warn", "/istio/telemetry-waypoint.yaml")]
    [InlineData("an agentgateway waypoint", "blind_waypoint", "fail", "gatewayClassName: istio-waypoint")]
    [InlineData("a secure metrics port beside the plain one", "double_counting", "warn", "add 'job=\"envoy-stats\"' to prometheus.matchers")]
    [InlineData("no Telemetry resource", "addresses", "warn", "kubectl apply -f deploy/istio/telemetry.yaml")]
    [InlineData("a scrape a minute", "scrape_interval", "warn", "prometheus: {late: 3m}")]
    [InlineData("ambient without a waypoint", "ambient", "warn", "istioctl waypoint apply -n istio-egress")]
    [InlineData("agentgateway", "agentgateway", "warn", "gatewayClassName: istio-waypoint")]
    [InlineData("merged statistics switched off", "merged_stats", "fail", "PILOT_AGENT_MERGE_ENVOY_STATS: \"true\"")]
    [InlineData("nothing of Istio", "istio_series", "fail", "port 15090, path /stats/prometheus")]
    [InlineData("matchers that select nothing", "istio_series", "fail", "prometheus: {matchers: []}")]
    [InlineData("a metric is dropped", "istio_series", "warn", "metric_relabel_configs")]
    [InlineData("a label is removed", "istio_labels", "fail", "operation: REMOVE")]
    [InlineData("a proxy that cannot be scraped", "targets_down", "warn", "/targets")]
    public async Task A_broken_mesh_is_found_with_what_mends_it(string setUp, string code, string result, string remedy)
    {
        var (mesh, config) = Broken[setUp];
        await using var prometheus = await PrometheusServer.OnSamplesAsync(_folder.Write("samples.txt", mesh().Write(TimeProvider.System.GetUtcNow())));
        var file = _folder.Write("doctor.yml", $"prometheus: {{{config}url: '{prometheus.Address}'}}\n");
        var checks = await new DoctorRun(ConfigLoader.Load(file), file, TimeProvider.System).RunAsync(
            kind => kind.Section == "telemetry", CancellationToken.None);
        var found = Assert.Single(checks, check => check.Code == code);
        Assert.Equal(result, found.Result.LabelValue());
        Assert.Contains(remedy, found.Remedy, StringComparison.Ordinal);
        Assert.NotEqual("", found.Promql);
        if (!code.StartsWith("istio_", StringComparison.Ordinal) && code != "merged_stats")
            Assert.Equal([], checks.Where(check => check.Code != code && check.Result != CheckResult.Ok).Select(check => $"{check.Code} {check.Message}"));
    }

    [Fact]
    public async Task A_waypoint_that_counts_its_egress_is_not_blind()
    {
        var mesh = MeshHistory.Healthy().Connections($"{Target},{Hop}").Add("istio_requests_total", $"{Target},{Waypoint},response_code=\"200\"");
        await using var prometheus = await PrometheusServer.OnSamplesAsync(_folder.Write("samples.txt", mesh.Write(TimeProvider.System.GetUtcNow())));
        var file = _folder.Write("doctor.yml", $"prometheus: {{url: '{prometheus.Address}'}}\n");
        var checks = await new DoctorRun(ConfigLoader.Load(file), file, TimeProvider.System).RunAsync(
            kind => kind.Code == "blind_waypoint", CancellationToken.None);
        Assert.Equal(CheckResult.Ok, Assert.Single(checks).Result);
    }

    private static string Replica(string name) => $",prometheus_replica=\"{name}\"";
}
