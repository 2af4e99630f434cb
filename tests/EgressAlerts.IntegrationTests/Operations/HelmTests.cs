using System.Text.Json.Nodes;
using EgressAlerts.Testing;
using static EgressAlerts.IntegrationTests.Operations.HelmChart;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>The Helm chart: what Helm says about it, and what it makes of its values. <see cref="HelmOverlayTests"/> compares it with the overlays.</summary>
public sealed class HelmTests : IDisposable
{
    private const string Defaults = "{}";

    private const string Secrets = """
        extraSecretMounts: [{name: prometheus, secretName: prometheus-token, mountPath: /etc/secrets/prometheus}]
        config:
          prometheus: {authorization: {credentials_file: /etc/secrets/prometheus/token}}
          destinations: {network_files: [/etc/egress-alerts/networks.csv]}
        files: {networks.csv: "192.0.2.0/24,backup-provider,backup,eu-west-1\n", drop.txt: "203.0.113.0/24\n"}
        """;

    private const string Everything = """
        config: {telemetry: {kubernetes: {watch: true}}}
        replicas: 2
        image: {repository: registry.example.com/egress-alerts, digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
        imagePullSecrets: [{name: registry}]
        extraArgs: [--log.level=debug]
        extraEnv: [{name: HTTPS_PROXY, value: "http://proxy:3128"}]
        extraVolumes: [{name: lists, configMap: {name: lists}}]
        extraVolumeMounts: [{name: lists, mountPath: /etc/lists}]
        routePrefix: /egress/
        commonLabels: {team: network}
        podLabels: {cost: network}
        podAnnotations: {example.com/owner: network}
        persistence: {size: 5Gi, storageClass: fast}
        nodeSelector: {kubernetes.io/os: linux}
        tolerations: [{key: infra, operator: Exists}]
        topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]
        priorityClassName: system-cluster-critical
        serviceAccount: {annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::123456789012:role/egress-alerts"}}
        service: {type: NodePort, port: 80, annotations: {example.com/owner: network}}
        networkPolicy:
          apiServerCidrs: [192.0.2.1/32]
          extraIngress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}], ports: [{port: http-web, protocol: TCP}]}]
          extraEgress: [{to: [{ipBlock: {cidr: 192.0.2.10/32}}], ports: [{port: 443, protocol: TCP}]}]
        ingress: {enabled: true, className: nginx, annotations: {a: b}, tls: [{secretName: tls, hosts: [egress-alerts.example.com]}]}
        httpRoute: {enabled: true, annotations: {a: b}, parentRefs: [{name: internal, namespace: gateways}]}
        serviceMonitor: {enabled: true, labels: {release: kube-prometheus-stack}}
        prometheusRule: {enabled: true, labels: {release: kube-prometheus-stack}}
        grafanaDashboards: {enabled: true, annotations: {grafana_folder: Egress}}
        extraObjects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: "{{ .Release.Name }}-lists"}, data: {drop.txt: 203.0.113.0/24}}]
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Defaults)]
    [InlineData("shards: 8")]
    [InlineData("networkPolicy: {enabled: false}\nserviceAccount: {create: false}")]
    [InlineData(Secrets)]
    [InlineData(Everything)]
    public async Task The_chart_is_good_and_renders_to_valid_resources(string values)
    {
        var file = _folder.Write("lint.yaml", values);
        var output = await ClusterTools.HelmAsync(["lint", "--strict", HelmChart.Folder, "--values=" + file]);
        Assert.DoesNotContain("[WARNING]", output, StringComparison.Ordinal);
        var resources = await RenderAsync(values);
        await Schemas.AssertValidAsync(_folder, resources);
        var config = Single(resources, "ConfigMap", "egress-alerts");
        foreach (var (name, text) in config["data"]!.AsObject())
            _folder.Write(name, ((string)text!).Replace("/etc/secrets/prometheus", _folder.Path, StringComparison.Ordinal)
                .Replace("/etc/egress-alerts", _folder.Path, StringComparison.Ordinal));
        _folder.Write("token", "secret");
        await Tool.OutputAsync("dotnet", [EgressAlertsProcess.Program, "check-config", _folder.File("egress-alerts.yml")]);
    }

    [Theory]
    [InlineData("replcas: 2", "'replcas'")]
    [InlineData("image: {repo: a}", "'repo'")]
    [InlineData("config: {prometeus: {}}", "'prometeus'")]
    [InlineData("replicas: two", "/replicas")]
    [InlineData("extraSecretMounts: [{name: a, mountPath: /a}]", "'secretName'")]
    [InlineData("files: {egress-alerts.yml: a}", "'egress-alerts.yml'")]
    [InlineData("httpRoute: {enabled: true}", "/httpRoute/parentRefs")]
    [InlineData("{replicas: 2, shards: 8}", "replicas and shards cannot both be more than 1")]
    public async Task A_wrong_value_is_refused_with_its_name(string values, string message) =>
        Assert.Contains(message, await HelmChart.TemplateAsync(_folder, values, exitCode: 1), StringComparison.Ordinal);

    [Fact]
    public async Task The_whole_reference_configuration_passes_through_as_it_is()
    {
        var reference = await File.ReadAllTextAsync(Repository.File("deploy", "egress-alerts.yml"));
        var rendered = Config(await RenderAsync(HelmChart.Config(reference)));
        Assert.Equal(Sorted(Yaml.Read(reference).Single()), Sorted(Yaml.Read(rendered).Single()));
        await Tool.OutputAsync("dotnet", [EgressAlertsProcess.Program, "check-config", _folder.Write("egress-alerts.yml", rendered)]);
    }

    [Fact]
    public async Task Large_numbers_and_days_pass_through_as_they_are()
    {
        const string Values = """
            cardinality: {max_series: 1000000}
            dns: {cache: {max_entries: 10000000}}
            policies: [{name: a, action: allow, until: 2030-01-31, destination: {names: ['*.example.com'], ports: [443]}}]
            """;
        var rendered = Config(await RenderAsync(HelmChart.Config(Values)));
        foreach (var text in (string[])["max_series: 1000000\n", "max_entries: 10000000\n", "2030-01-31"])
            Assert.Contains(text, rendered, StringComparison.Ordinal);
        await Tool.OutputAsync("dotnet", [EgressAlertsProcess.Program, "check-config", _folder.Write("egress-alerts.yml", rendered)]);
    }

    [Fact]
    public async Task Another_configuration_restarts_the_pods_unless_that_is_switched_off_and_another_file_does_not()
    {
        const string Other = "config: {dns: {queries_per_second: 20}}\n";
        var before = await TemplateOfPodAsync(Defaults);
        Assert.NotEqual(before, await TemplateOfPodAsync(Other));
        Assert.Equal(before, await TemplateOfPodAsync("files: {drop.txt: 203.0.113.0/24}"));
        const string Off = "restartOnConfigChange: false\n";
        Assert.Equal(await TemplateOfPodAsync(Off), await TemplateOfPodAsync(Off + Other));

        async Task<string> TemplateOfPodAsync(string values) => Sorted(Single(await RenderAsync(values), "StatefulSet")["spec"]!["template"]!);
    }

    [Fact]
    public void The_chart_has_the_rules_and_dashboards_of_the_checkout()
    {
        AssertSame(Directory.GetFiles(Repository.File("alerts"), "*.rules.yml"), Path.Combine(HelmChart.Folder, "files", "rules"));
        AssertSame(Directory.GetFiles(Repository.File("alerts", "optional"), "*.rules.yml"), Path.Combine(HelmChart.Folder, "files", "rules", "optional"));
        AssertSame(Directory.GetFiles(Repository.File("grafana", "dashboards")), Path.Combine(HelmChart.Folder, "files", "dashboards"));

        // deploy/helm/make-files copies them.
        static void AssertSame(string[] files, string copies)
        {
            Assert.Equal(files.Select(Path.GetFileName).Order(), Directory.GetFiles(copies).Select(Path.GetFileName).Order());
            Assert.All(files, file => Assert.Equal(File.ReadAllText(file), File.ReadAllText(Path.Combine(copies, Path.GetFileName(file)))));
        }
    }

    [Fact]
    public async Task Each_value_has_a_comment_and_a_place_in_the_schema()
    {
        var values = await File.ReadAllLinesAsync(Path.Combine(HelmChart.Folder, "values.yaml"));
        var schema = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(HelmChart.Folder, "values.schema.json")))!;
        var defaults = Yaml.Read(string.Join('\n', values)).Single();
        defaults["config"] = Yaml.Read(await File.ReadAllTextAsync(Repository.File("deploy", "egress-alerts.yml"))).Single();
        AssertSameKeys(schema, defaults);

        // Each paragraph of the file begins with a comment, or has one below its first line.
        var paragraphs = string.Join('\n', values).Split("\n\n");
        Assert.All(paragraphs, paragraph => Assert.Contains("# ", string.Join('\n', paragraph.Split('\n').Take(2)), StringComparison.Ordinal));

        static void AssertSameKeys(JsonNode schema, JsonNode? values)
        {
            if (schema["properties"] is not JsonObject properties) return;
            Assert.False((bool)schema["additionalProperties"]!);
            Assert.Equal(properties.Select(property => property.Key).Order(), values!.AsObject().Select(value => value.Key).Order());
            foreach (var (key, property) in properties) AssertSameKeys(property!, values[key]);
        }
    }

    private Task<IReadOnlyList<JsonNode>> RenderAsync(string values) => HelmChart.RenderAsync(_folder, values);

    private static string Config(IReadOnlyList<JsonNode> resources) =>
        (string)Single(resources, "ConfigMap", "egress-alerts")["data"]!["egress-alerts.yml"]!;
}
