using System.Text.Json.Nodes;
using EgressAlerts.Testing;
using static EgressAlerts.IntegrationTests.Operations.HelmChart;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>What single values of the chart do.</summary>
public sealed class HelmOptionTests : IDisposable
{
    private const string Operator = "serviceMonitor: {enabled: true}\nprometheusRule: {enabled: true}\ngrafanaDashboards: {enabled: true}\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_Secret_is_mounted_where_the_configuration_looks_for_it()
    {
        var pod = Pod(await RenderAsync(_folder, "extraSecretMounts: [{name: prometheus, secretName: token, mountPath: /etc/secrets/prometheus}]"));
        var volume = pod["volumes"]!.AsArray().Single(volume => volume!["secret"] is not null)!;
        Assert.Equal("token", (string?)volume["secret"]!["secretName"]);
        var mount = Container(pod)["volumeMounts"]!.AsArray().Single(mount => (string?)mount!["name"] == (string?)volume["name"])!;
        Assert.Equal("/etc/secrets/prometheus", (string?)mount["mountPath"]);
        Assert.True((bool)mount["readOnly"]!);
        Assert.Null(mount["subPath"]); // The kubelet never brings a Secret that changed to a mount with a subPath.
    }

    [Theory]
    [InlineData("/", "")]
    [InlineData("/egress", "/egress")]
    [InlineData("/egress/", "/egress")]
    public async Task Probes_and_scrape_follow_the_prefix_of_paths(string given, string prefix)
    {
        var resources = await RenderAsync(_folder, $"routePrefix: {given}\n" + Operator);
        var container = Container(Pod(resources));
        string[] probes = ["startupProbe", "readinessProbe", "livenessProbe"];
        Assert.Equal(
            [prefix + "/-/ready", prefix + "/-/ready", prefix + "/-/healthy"], probes.Select(probe => (string?)container[probe]!["httpGet"]!["path"]));
        Assert.Equal(prefix + "/metrics", (string?)Single(resources, "ServiceMonitor")["spec"]!["endpoints"]![0]!["path"] ?? "/metrics");
        Assert.Equal(prefix.Length > 0, Arguments(container).Contains("--web.route-prefix=" + prefix));
    }

    [Theory]
    [InlineData("", "https://egress-alerts.example.com/")]
    [InlineData("config: {alerting: {external_url: 'https://mesh.internal/egress/'}}\n", "https://mesh.internal/egress/")]
    public async Task Links_in_rules_and_dashboards_begin_with_the_address_of_the_pages(string values, string begin)
    {
        var resources = await RenderAsync(_folder, values + Operator);
        var runbooks = Single(resources, "PrometheusRule")["spec"]!["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray())
            .Select(rule => (string?)rule!["annotations"]?["runbook_url"]).OfType<string>().ToList();
        Assert.NotEmpty(runbooks);
        Assert.All(runbooks, runbook => Assert.StartsWith(begin + "runbooks/", runbook, StringComparison.Ordinal));
        var dashboards = resources.Where(resource => resource["metadata"]!["labels"]?["grafana_dashboard"] is not null)
            .SelectMany(map => map["data"]!.AsObject()).Select(file => (string)file.Value!).ToList();
        Assert.Equal(Dashboard.All.Count, dashboards.Count);
        var addresses = dashboards.Select(dashboard => JsonNode.Parse(dashboard)!["templating"]!["list"]!.AsArray()
            .Single(variable => (string?)variable!["name"] == "egress_alerts_url")!["query"]);
        Assert.All(addresses, address => Assert.Equal(begin.TrimEnd('/'), (string?)address));
    }

    [Fact]
    public async Task Alerts_that_tell_twice_are_there_only_on_request()
    {
        Assert.Equal(["egress-alerts", "egress"], await GroupsAsync("prometheusRule: {enabled: true}"));
        string[] all = ["egress", "egress-alerts", "egress-by-prometheus"];
        Assert.Equal(all, (await GroupsAsync("prometheusRule: {enabled: true, byPrometheus: true}")).Order(StringComparer.Ordinal));

        async Task<IEnumerable<string>> GroupsAsync(string values) => Single(await RenderAsync(_folder, values), "PrometheusRule")["spec"]!["groups"]!.AsArray()
            .Select(group => (string)group!["name"]!);
    }

    [Fact]
    public async Task Another_release_has_names_and_selectors_of_its_own_and_the_job_that_rules_expect()
    {
        var resources = await RenderAsync(_folder, "replicas: 2\nconfig: {telemetry: {kubernetes: {watch: true}}}\n" + Operator, "east");
        Assert.All(resources, resource => Assert.StartsWith("east-egress-alerts", (string?)resource["metadata"]!["name"], StringComparison.Ordinal));
        var (set, service, monitor) = (Single(resources, "StatefulSet")["spec"]!, Single(resources, "Service"), Single(resources, "ServiceMonitor")["spec"]!);
        var labels = set["template"]!["metadata"]!["labels"]!;
        Assert.All(
            (JsonNode[])[
                set["selector"]!["matchLabels"]!,
                service["spec"]!["selector"]!,
                Single(resources, "NetworkPolicy")["spec"]!["podSelector"]!["matchLabels"]!,
                Single(resources, "PodDisruptionBudget")["spec"]!["selector"]!["matchLabels"]!,
            ],
            selector => AssertSelects(selector, labels));
        AssertSelects(monitor["selector"]!["matchLabels"]!, service["metadata"]!["labels"]!);
        Assert.Equal("egress-alerts", (string?)service["metadata"]!["labels"]![(string)monitor["jobLabel"]!]);
        Assert.Equal((string?)service["metadata"]!["name"], (string?)set["serviceName"]);
        var account = Single(resources, "ServiceAccount")["metadata"]!;
        Assert.Equal((string?)account["name"], (string?)Pod(resources)["serviceAccountName"]);
        Assert.Equal((string?)account["name"], (string?)Single(resources, "ClusterRoleBinding")["subjects"]![0]!["name"]);

        // Else the release could not be upgraded: Kubernetes refuses to change these.
        Assert.Null(set["volumeClaimTemplates"]![0]!["metadata"]!["labels"]);
        Assert.DoesNotContain("helm.sh/chart", set["selector"]!["matchLabels"]!.AsObject().Select(label => label.Key));

        static void AssertSelects(JsonNode selector, JsonNode labels)
        {
            Assert.Equal("east", (string?)selector["app.kubernetes.io/instance"]);
            Assert.All(selector.AsObject(), label => Assert.Equal((string?)labels[label.Key], (string?)label.Value));
        }
    }

    [Fact]
    public async Task A_number_may_name_a_release_and_the_namespace_of_Prometheus() => await Schemas.AssertValidAsync(
        _folder, await RenderAsync(_folder, "replicas: 2\nnetworkPolicy: {monitoringNamespace: '456'}\n" + Operator, "123"));

    [Theory]
    [InlineData("image: {repository: r.example.com/e}", "r.example.com/e:0.2.0")]
    [InlineData("image: {repository: r.example.com/e, tag: '1.2'}", "r.example.com/e:1.2")]
    public async Task An_image_has_the_version_of_the_chart_or_a_tag(string values, string image) =>
        Assert.Equal(image, (string?)Container(Pod(await RenderAsync(_folder, values)))["image"]);

    [Fact]
    public async Task A_digest_takes_the_place_of_the_tag()
    {
        var digest = "sha256:" + new string('a', 64);
        var pod = Pod(await RenderAsync(_folder, $"image: {{repository: e, tag: '1.2', digest: '{digest}'}}"));
        Assert.Equal("e@" + digest, (string?)Container(pod)["image"]);
    }

    [Fact]
    public async Task Ingress_and_route_lead_to_a_port_of_the_Service()
    {
        const string Values = """
            service: {port: 80}
            ingress: {enabled: true, className: nginx, hosts: [a.example.com, b.example.com]}
            httpRoute: {enabled: true, parentRefs: [{name: internal}], hostnames: [a.example.com]}
            """;
        var resources = await RenderAsync(_folder, Values);
        var service = Single(resources, "Service");
        var port = Assert.Single(service["spec"]!["ports"]!.AsArray())!;
        Assert.Equal(80, (int)port["port"]!);
        var rules = Single(resources, "Ingress")["spec"]!["rules"]!.AsArray();
        Assert.Equal(["a.example.com", "b.example.com"], rules.Select(rule => (string?)rule!["host"]));
        var backends = rules.Select(rule => rule!["http"]!["paths"]![0]!["backend"]!["service"]!);
        Assert.All(backends, backend => Assert.Equal((string?)service["metadata"]!["name"], (string?)backend["name"]));
        Assert.All(backends, backend => Assert.Equal((string?)port["name"], (string?)backend["port"]!["name"]));
        var target = Single(resources, "HTTPRoute")["spec"]!["rules"]![0]!["backendRefs"]![0]!;
        Assert.Equal(((string?)service["metadata"]!["name"], 80), ((string?)target["name"], (int)target["port"]!));
    }

    [Theory]
    [InlineData("config: {telemetry: {kubernetes: {watch: true}}}", true, true)]
    [InlineData("rbac: {create: false}\nconfig: {telemetry: {kubernetes: {watch: true}}}", true, false)]
    [InlineData("config: {telemetry: {kubernetes: {watch: true, kubeconfig: /etc/secrets/kubeconfig}}}", false, false)]
    [InlineData("{}", false, false)]
    public async Task The_token_and_the_rights_follow_the_configuration(string values, bool hasToken, bool hasRights)
    {
        var resources = await RenderAsync(_folder, values);
        Assert.Equal(hasToken, (bool)Pod(resources)["automountServiceAccountToken"]!);
        Assert.Equal(hasRights, resources.Any(resource => (string?)resource["kind"] is "ClusterRole"));
        Assert.Equal(hasToken ? 3 : 2, Single(resources, "NetworkPolicy")["spec"]!["egress"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_value_can_take_a_key_of_the_configuration_away()
    {
        const string Values = "config: {prometheus: {url: null, servers: [{url: 'http://a:9090'}, {url: 'http://b:9090'}]}}";
        var config = (string)Single(await RenderAsync(_folder, Values), "ConfigMap")["data"]!["egress-alerts.yml"]!;
        Assert.Equal(["servers"], Yaml.Read(config).Single()["prometheus"]!.AsObject().Select(key => key.Key));
    }

    [Theory]
    [InlineData("image: {repository: r.example.com/e}\nconfig: {alerting: {external_url: 'https://a.example.com'}}\n" + Operator, 0)]
    [InlineData("{}", 2)]
    [InlineData("ingress: {enabled: true}", 3)]
    [InlineData("config: {prometheus: {url: 'http://prometheus.istio-system.svc:9090'}}", 3)]
    [InlineData("config: {prometheus: {url: 'http://prometheus.istio-system.svc:9090'}}\nnetworkPolicy: {monitoringNamespace: istio-system}", 2)]
    public async Task Notes_say_what_to_look_at_first_and_what_is_missing(string values, int warnings)
    {
        var output = await ClusterTools.HelmAsync(
            [
                "install", "egress-alerts", HelmChart.Folder, "--namespace=egress-alerts", "--dry-run=client",
                "--values=" + _folder.Write("values.yaml", values),
            ]);
        var notes = output[output.IndexOf("NOTES:", StringComparison.Ordinal)..];
        foreach (var text in (string[])["port-forward service/egress-alerts 10098:10098", "http://localhost:10098/status", "egress-alerts.dll doctor"])
            Assert.Contains(text, notes, StringComparison.Ordinal);
        Assert.Equal(warnings, notes.Split("WARNING: ").Length - 1);
    }

    [Fact]
    public async Task Templates_in_further_resources_are_rendered()
    {
        const string Values = """
            extraObjects:
            - {apiVersion: v1, kind: ConfigMap, metadata: {name: '{{ include "egress-alerts.fullname" . }}-lists'}, data: {drop.txt: 203.0.113.0/24}}
            """;
        Assert.NotNull(Single(await RenderAsync(_folder, Values), "ConfigMap", "egress-alerts-lists"));
    }

    private static JsonNode Pod(IReadOnlyList<JsonNode> resources) => Single(resources, "StatefulSet")["spec"]!["template"]!["spec"]!;

    private static JsonNode Container(JsonNode pod) => Assert.Single(pod["containers"]!.AsArray())!;

    private static IEnumerable<string?> Arguments(JsonNode container) => container["args"]!.AsArray().Select(argument => (string?)argument);
}
