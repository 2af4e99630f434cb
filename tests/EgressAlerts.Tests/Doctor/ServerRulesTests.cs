using System.Text.Json;
using EgressAlerts.Alerting;
using EgressAlerts.Doctor;
using EgressAlerts.Model;
using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Doctor;

public sealed class ServerRulesTests
{
    [Theory]
    [InlineData("""{"status":"success","data":{"version":"3.5.0","goVersion":"go1.24"}}""", false, "Prometheus 3.5.0")]
    [InlineData("""{"status":"success","data":{"version":"0.39.2","goVersion":"go1.24"}}""", false, "Thanos 0.39.2")]
    [InlineData("""{"status":"success","data":{"application":"Grafana Mimir","version":"2.17.0"}}""", false, "Grafana Mimir 2.17.0")]
    [InlineData("""{"status":"success","data":{}}""", true, "VictoriaMetrics")]
    [InlineData("""{"status":"success","data":{"version":"2.24.0"}}""", true, "VictoriaMetrics")]
    [InlineData("""["no"]""", false, "a server that does not tell its kind")]
    [InlineData("<html>", false, "a server that does not tell its kind")]
    public void The_kind_of_a_server_is_told_from_what_it_says_of_its_build(string text, bool isVictoriaMetrics, string expected) =>
        Assert.Equal(expected, ServerKind.Of(new ServerPage(200, text, null, isVictoriaMetrics, "")).ToString());

    [Fact]
    public void Thanos_that_deduplicates_is_warned_of()
    {
        var thanos = new ServerKind(ServerKind.Thanos, "0.39.2");
        var check = ServerChecks.KindCheck(thanos, new("http://thanos:10902/api?max_source_resolution=0s"));
        Assert.Equal((CheckResult.Warn, "prometheus: {url: 'http://thanos:10902/api?dedup=false'}"), (check.Result, check.Remedy));
        Assert.Equal(CheckResult.Ok, ServerChecks.KindCheck(thanos, new("http://thanos:10902?dedup=false")).Result);
    }

    [Theory]
    [InlineData("""{"status":"success","data":{"query.max-samples":"50000","query.lookback-delta":"5m"}}""", false, CheckResult.Warn)]
    [InlineData("""{"status":"success","data":{"query.max-samples":"50000000"}}""", false, CheckResult.Ok)]
    [InlineData("-search.maxUniqueTimeseries=\"9000\"\n-search.maxSamplesPerQuery=\"1000000000\"", true, CheckResult.Fail)]
    [InlineData("", false, CheckResult.Ok)]
    public void A_limit_must_have_room_for_the_largest_metric(string flags, bool isVictoriaMetrics, CheckResult expected)
    {
        var limits = ServerLimits.Of(new ServerPage(200, flags, null, isVictoriaMetrics, ""));
        var check = MeshRules.Limits(limits, 10_000, new PollingOptions(), TimeSpan.FromSeconds(15));
        Assert.Equal(expected, check.Result);
        Assert.Equal(expected == CheckResult.Ok, check.Remedy.Length == 0);
    }

    [Fact]
    public void A_large_mesh_is_looked_at_through_its_smallest_namespaces()
    {
        Assert.Equal("", Sizes(1_000).Sample());
        var sizes = Sizes(90_000);
        sizes.Series("""{"__name__":"istio_requests_total","source_workload_namespace":"small"}"""u8, [new(0, 5_000)]);
        sizes.Series("""{"__name__":"istio_requests_total","source_workload_namespace":"huge"}"""u8, [new(0, 500_000)]);
        sizes.Series("""{"__name__":"istio_requests_total","source_workload_namespace":"x\"} or up{a=\""}"""u8, [new(0, 1)]);
        Assert.Equal("source_workload_namespace=~\"small|shop\"", sizes.Sample());
    }

    [Fact]
    public void Instances_that_read_different_meshes_need_external_labels_of_their_own()
    {
        Assert.Equal(CheckResult.Ok, ServiceChecks.InstanceCheck([Instance(1_000)]).Result);
        Assert.Equal(CheckResult.Ok, ServiceChecks.InstanceCheck([Instance(1_000), Instance(1_040)]).Result);
        var check = ServiceChecks.InstanceCheck([Instance(1_000), Instance(9_000)]);
        Assert.Equal(CheckResult.Warn, check.Result);
        Assert.Contains("external_labels: {cluster: NAME}", check.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loopback_address_is_a_link_to_nowhere_unless_the_Alertmanager_is_on_this_machine_too()
    {
        var near = new AlertingOptions { ExternalUrl = new("http://localhost:10098") };
        Assert.Equal(CheckResult.Ok, ServiceChecks.ExternalUrlCheck(near).Result);
        var far = near with { Alertmanagers = [new() { Url = new("http://alertmanager.monitoring.svc:9093") }] };
        Assert.Equal(CheckResult.Warn, ServiceChecks.ExternalUrlCheck(far).Result);
        Assert.Equal(CheckResult.Warn, ServiceChecks.ExternalUrlCheck(near with { IsExternalUrlGuessed = true }).Result);
    }

    [Fact]
    public void The_groups_of_rules_are_read_and_anything_else_is_no_list()
    {
        using var good = JsonDocument.Parse("""{"groups":[{"name":"egress-alerts"},{"name":7}]}""");
        Assert.Contains("egress-alerts", ServiceChecks.Groups(good.RootElement)!);
        using var bad = JsonDocument.Parse("""{"groups":{}}""");
        Assert.Null(ServiceChecks.Groups(bad.RootElement));
        Assert.Null(ServiceChecks.Groups(null));
    }

    [Fact]
    public void A_cluster_that_settles_and_one_that_lacks_a_member_are_told()
    {
        AlertmanagerAnswered One(string cluster, int peers) => new($"http://am-{peers}:9093/", "0.25.0", cluster, peers, "", "");
        Assert.Equal(CheckResult.Ok, AlertmanagerChecks.ClusterCheck([One("ready", 2), One("ready", 2)]).Result);
        Assert.Contains("settling", AlertmanagerChecks.ClusterCheck([One("settling", 1)]).Message, StringComparison.Ordinal);
        Assert.Contains("knows 1 of 2", AlertmanagerChecks.ClusterCheck([One("ready", 1), One("ready", 2)]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_from_the_network_can_neither_begin_a_line_nor_control_a_terminal()
    {
        var kind = new CheckKind("dns", "name_servers", "");
        var text = CheckText.Of([kind.Fail("evil\nOK   name_servers: fine\u001b[2J", "mend\nit", "up")], isTerminal: false);
        Assert.Equal("dns\nFAIL name_servers: evil OK   name_servers: fine [2J | query: up | to mend it: mend it\n\n0 OK, 0 WARN, 1 FAIL\n", text);
    }

    private static HistorySeries Instance(double series) => new(new Dictionary<string, string>(), [new(DateTimeOffset.UnixEpoch, series)]);

    private static MeshSizes Sizes(long requests)
    {
        var sizes = new MeshSizes();
        sizes.Series("""{"__name__":"istio_requests_total","source_workload_namespace":"shop"}"""u8, [new(0, requests)]);
        return sizes;
    }
}
