using System.Net;
using System.Text.Json.Nodes;
using EgressAlerts.Configuration;
using EgressAlerts.Model;
using EgressAlerts.Testing;
using EgressAlerts.Web;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>What a cluster is given: rendered by kubectl, held against the schemas of its resources and against one another.</summary>
public sealed class ManifestTests : IDisposable
{
    private static readonly string[] Overlays = ["single", "pair", "sharded", "prometheus-operator"];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Each => new(Overlays);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Each))]
    public async Task Each_overlay_renders_to_valid_resources(string overlay) => await AssertValidAsync(await RenderAsync(overlay));

    [Theory]
    [MemberData(nameof(Each))]
    public async Task Each_overlay_renders_without_a_warning(string overlay) => Assert.DoesNotContain(
        "Warning", await ClusterTools.KustomizeAsync(Repository.File("deploy", "kubernetes", overlay)), StringComparison.Ordinal);

    [Fact]
    public async Task A_typing_error_is_found_by_the_schemas()
    {
        var service = (await RenderAsync("single")).Single(resource => Kind(resource) == "Service");
        service["spec"]!["selectors"] = service["spec"]!["selector"]!.DeepClone();
        await Assert.ThrowsAsync<ToolException>(() => AssertValidAsync([service]));
    }

    [Theory]
    [InlineData("telemetry.yaml")]
    [InlineData("telemetry-waypoint.yaml")]
    public async Task What_Istio_is_given_is_valid(string file) =>
        await AssertValidAsync(Yaml.Read(await File.ReadAllTextAsync(Repository.File("deploy", "istio", file))));

    [Fact]
    public async Task Resources_to_paste_from_documents_are_valid()
    {
        var resources = Markdown.Documents
            .SelectMany(file => Markdown.Blocks(file))
            .Where(block => block.StartsWith("apiVersion:", StringComparison.Ordinal))
            .SelectMany(Yaml.Read)
            .ToList();
        Assert.Equal(["AuthorizationPolicy", "NetworkPolicy", "ServiceEntry", "Sidecar", "Telemetry"], resources.Select(Kind).Distinct().Order());
        await AssertValidAsync(resources);
    }

    [Fact]
    public async Task Resources_that_the_page_of_an_alert_proposes_are_valid()
    {
        RemedyFacts byHost = new(
            "EgressBlocked", new("batch", "report"), "api.stripe.com", NameSource.Sni, Confirmed: true, IPAddress.Parse("52.0.0.1"), "443", "tcp", "", "", "");
        RemedyFacts[] all =
        [
            byHost,
            byHost with { NameSource = NameSource.Host, Port = "80", Protocol = "http" },
            byHost with { Destination = "52.0.0.1", NameSource = NameSource.Ip },
            byHost with { Destination = "2001:db8::1", NameSource = NameSource.Ip, Address = IPAddress.Parse("2001:db8::1") },
            byHost with { AlertName = "EgressNewDestination" },
            byHost with { IsAmbient = true },
            byHost with { IsGateway = true, Destination = "52.0.0.1", NameSource = NameSource.Ip },
        ];
        var resources = all.SelectMany(facts => WantedRemedies.Of(facts, new()).Concat(BlockRemedies.Of(facts)))
            .Where(remedy => remedy.Snippet.StartsWith("apiVersion:", StringComparison.Ordinal)).SelectMany(remedy => Yaml.Read(remedy.Snippet)).ToList();
        Assert.Equal(["AuthorizationPolicy", "NetworkPolicy", "ServiceEntry", "Sidecar"], resources.Select(Kind).Distinct().Order());
        await AssertValidAsync(resources);
    }

    [Theory]
    [MemberData(nameof(Each))]
    public async Task Pods_meet_the_restricted_standard_and_have_no_token(string overlay)
    {
        var resources = await RenderAsync(overlay);
        Assert.Equal("restricted", (string?)Single(resources, "Namespace")["metadata"]!["labels"]!["pod-security.kubernetes.io/enforce"]);
        Assert.False((bool)Single(resources, "ServiceAccount")["automountServiceAccountToken"]!);
        var pod = Pod(resources);
        Assert.False((bool)pod["automountServiceAccountToken"]!);
        Assert.True((bool)pod["securityContext"]!["runAsNonRoot"]!);
        Assert.NotEqual(0, (int)pod["securityContext"]!["runAsUser"]!);
        Assert.Equal("RuntimeDefault", (string?)pod["securityContext"]!["seccompProfile"]!["type"]);
        Assert.All((string[])["hostNetwork", "hostPID", "hostIPC", "initContainers"], forbidden => Assert.Null(pod[forbidden]));
        var container = Assert.Single(pod["containers"]!.AsArray())!;
        var context = container["securityContext"]!;
        Assert.False((bool)context["allowPrivilegeEscalation"]!);
        Assert.True((bool)context["readOnlyRootFilesystem"]!);
        Assert.Equal(["ALL"], context["capabilities"]!["drop"]!.AsArray().Select(name => (string?)name));
        Assert.All((string[])["privileged", "runAsUser", "procMount"], forbidden => Assert.Null(context[forbidden]));
        Assert.All(container["ports"]!.AsArray(), port => Assert.Null(port!["hostPort"]));
        Assert.All(pod["volumes"]!.AsArray(), volume => Assert.NotNull(volume!["configMap"]));
        Assert.All((string[])["requests", "limits"], amount => Assert.NotNull(container["resources"]![amount]!["memory"]));
        string[] probes = ["startupProbe", "readinessProbe", "livenessProbe"];
        Assert.Equal(["/-/ready", "/-/ready", "/-/healthy"], probes.Select(probe => (string?)container[probe]!["httpGet"]!["path"]));
    }

    [Theory]
    [MemberData(nameof(Each))]
    public async Task What_refers_to_something_finds_it(string overlay)
    {
        var resources = await RenderAsync(overlay);
        Assert.All(
            resources.Where(resource => Kind(resource) != "Namespace"),
            resource => Assert.Equal("egress-alerts", (string?)resource["metadata"]!["namespace"]));
        var set = Single(resources, "StatefulSet");
        var labels = set["spec"]!["template"]!["metadata"]!["labels"]!.AsObject();
        Assert.All(
            (JsonNode[])[
                set["spec"]!["selector"]!["matchLabels"]!,
                Single(resources, "Service")["spec"]!["selector"]!,
                Single(resources, "NetworkPolicy")["spec"]!["podSelector"]!["matchLabels"]!,
                .. resources.Where(resource => Kind(resource) == "PodDisruptionBudget").Select(budget => budget["spec"]!["selector"]!["matchLabels"]!),
            ],
            selector => Assert.All(selector.AsObject(), label => Assert.Equal((string?)labels[label.Key], (string?)label.Value)));
        Assert.Equal((string?)Single(resources, "Service")["metadata"]!["name"], (string?)set["spec"]!["serviceName"]);
        Assert.Equal((string?)Single(resources, "ServiceAccount")["metadata"]!["name"], (string?)Pod(resources)["serviceAccountName"]);

        var container = Pod(resources)["containers"]![0]!;
        var volumes = Pod(resources)["volumes"]!.AsArray().Select(volume => (string?)volume!["name"]);
        var claims = set["spec"]!["volumeClaimTemplates"]!.AsArray().Select(claim => (string?)claim!["metadata"]!["name"]);
        Assert.Equal(volumes.Concat(claims), container["volumeMounts"]!.AsArray().Select(mount => (string?)mount!["name"]));
        var arguments = string.Join(' ', container["args"]!.AsArray().Select(argument => (string?)argument));
        var replicas = (int)set["spec"]!["replicas"]!;
        Assert.Equal(
            "serve --config.file=/etc/egress-alerts/egress-alerts.yml --storage.path=/var/lib/egress-alerts"
                + (overlay == "sharded" ? FormattableString.Invariant($" --shard=ordinal/{replicas}") : ""),
            arguments);
        Assert.Equal(["/etc/egress-alerts", "/var/lib/egress-alerts"], container["volumeMounts"]!.AsArray().Select(mount => (string?)mount!["mountPath"]));
        Assert.NotNull(Config(resources)); // Under the name, with its hash, that the volume asks for.
        Assert.DoesNotContain("latest", (string?)container["image"], StringComparison.Ordinal);
        Assert.Contains(':', (string)container["image"]!);
    }

    [Theory]
    [MemberData(nameof(Each))]
    public async Task The_configuration_is_good_and_the_network_policy_lets_it_through(string overlay)
    {
        var resources = await RenderAsync(overlay);
        var settings = ConfigLoader.Load(_folder.Write("egress-alerts.yml", Config(resources)));
        var outwards = Single(resources, "NetworkPolicy")["spec"]!["egress"]!.AsArray()
            .SelectMany(rule => rule!["ports"]!.AsArray().Select(port => ((int)port!["port"]!, NamespaceOf(rule["to"]![0]!))));
        Assert.Equal([(53, "kube-system"), (53, "kube-system"), (9090, "monitoring"), (9093, "monitoring")], outwards);
        Assert.Equal(9090, settings.Prometheus.Url.Port);
        Assert.EndsWith(".monitoring.svc.cluster.local", settings.Prometheus.Url.Host, StringComparison.Ordinal);
        Assert.NotNull(settings.Alerting.ExternalUrl); // Else each replica's alerts would link to its own pod.
        var alertmanagers = Config(resources)[Config(resources).IndexOf("alertmanagers", StringComparison.Ordinal)..];
        Assert.Contains(".monitoring.svc.cluster.local", alertmanagers, StringComparison.Ordinal);

        static string? NamespaceOf(JsonNode to) => (string?)to["namespaceSelector"]!["matchLabels"]!["kubernetes.io/metadata.name"];
    }

    [Fact]
    public async Task One_replica_has_no_budget_to_stand_in_the_way_of_a_drain_and_two_are_kept_apart()
    {
        var single = await RenderAsync("single");
        Assert.Equal(1, (int)Single(single, "StatefulSet")["spec"]!["replicas"]!);
        Assert.DoesNotContain(single, resource => Kind(resource) == "PodDisruptionBudget");
        var pair = await RenderAsync("pair");
        Assert.Equal(2, (int)Single(pair, "StatefulSet")["spec"]!["replicas"]!);
        Assert.Equal(1, (int)Single(pair, "PodDisruptionBudget")["spec"]!["maxUnavailable"]!);
        Assert.NotNull(Pod(pair)["affinity"]!["podAntiAffinity"]!["requiredDuringSchedulingIgnoredDuringExecution"]);
    }

    [Fact]
    public async Task The_operator_scrapes_under_the_job_that_the_rules_expect_and_tells_replicas_apart_by_instance_only()
    {
        var resources = await RenderAsync("prometheus-operator");
        var (monitor, service) = (Single(resources, "ServiceMonitor")["spec"]!, Single(resources, "Service"));
        var labels = service["metadata"]!["labels"]!;
        Assert.All(monitor["selector"]!["matchLabels"]!.AsObject(), label => Assert.Equal((string?)labels[label.Key], (string?)label.Value));
        Assert.Equal("egress-alerts", (string?)service["metadata"]!["name"]); // The job, where jobLabel is not given.
        Assert.Null(monitor["jobLabel"]);
        var endpoint = Assert.Single(monitor["endpoints"]!.AsArray())!;
        Assert.Contains(service["spec"]!["ports"]!.AsArray(), port => (string?)port!["name"] == (string?)endpoint["port"]);
        Assert.Equal(
            ["instance", "pod"],
            endpoint["relabelings"]!.AsArray().Select(relabeling => (string?)(relabeling!["targetLabel"] ?? relabeling["regex"])));
    }

    [Fact]
    public async Task The_operator_gets_the_rules_of_the_rule_files()
    {
        var output = await Tool.OutputAsync(Repository.File("deploy", "kubernetes", "prometheus-operator", "make-rules"), []);
        Assert.Equal(output, await File.ReadAllTextAsync(Repository.File("deploy", "kubernetes", "prometheus-operator", "rules.yaml")));

        var rendered = Single(await RenderAsync("prometheus-operator"), "PrometheusRule")["spec"]!["groups"]!.AsArray();
        var groups = Directory.GetFiles(Repository.File("alerts"), "*.rules.yml")
            .SelectMany(file => Yaml.Read(File.ReadAllText(file)).Single()["groups"]!.AsArray());
        Assert.Equal(
            groups.Select(group => group!.ToJsonString()).Order(StringComparer.Ordinal),
            Yaml.Read(output).Single()["spec"]!["groups"]!.AsArray().Select(group => group!.ToJsonString()).Order(StringComparer.Ordinal));
        Assert.Equal(2, rendered.Count);
    }

    [Fact]
    public async Task Dashboards_come_as_config_maps_for_the_sidecar()
    {
        var maps = (await RenderAsync("prometheus-operator"))
            .Where(resource => Kind(resource) == "ConfigMap" && resource["metadata"]!["labels"]?["grafana_dashboard"] is not null)
            .ToList();
        var files = maps.SelectMany(map => map["data"]!.AsObject()).ToDictionary(file => file.Key, file => (string)file.Value!);
        Assert.Equal(Dashboard.All.Select(dashboard => dashboard.Name + ".json"), files.Keys.Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal(File.ReadAllText(Repository.File("grafana", "dashboards", file.Key)), file.Value));
        Assert.All(maps, map => Assert.Equal("1", (string?)map["metadata"]!["labels"]!["grafana_dashboard"]));
        Assert.All(files.Values, text => Assert.InRange(text.Length, 1000, 1_000_000)); // A ConfigMap holds a mebibyte.
    }

    [Theory]
    [MemberData(nameof(Each))]
    public async Task The_watch_of_the_cluster_goes_on_top_of_each_overlay_and_reads_two_kinds_only(string overlay)
    {
        var resources = await RenderAsync(overlay, "registry-watch");
        await AssertValidAsync(resources);
        var rule = Assert.Single(Single(resources, "ClusterRole")["rules"]!.AsArray())!;
        Assert.Equal(["networking.istio.io"], Texts(rule["apiGroups"]!));
        Assert.Equal(["serviceentries", "sidecars"], Texts(rule["resources"]!));
        Assert.Equal(["get", "list", "watch"], Texts(rule["verbs"]!));

        var binding = Single(resources, "ClusterRoleBinding");
        Assert.Equal((string?)Single(resources, "ClusterRole")["metadata"]!["name"], (string?)binding["roleRef"]!["name"]);
        var (subject, account) = (Assert.Single(binding["subjects"]!.AsArray())!, Single(resources, "ServiceAccount"));
        Assert.Equal((string?)account["metadata"]!["name"], (string?)subject["name"]);
        Assert.Equal((string?)account["metadata"]!["namespace"], (string?)subject["namespace"]);
        Assert.Equal((string?)account["metadata"]!["name"], (string?)Pod(resources)["serviceAccountName"]);
        Assert.True((bool)Pod(resources)["automountServiceAccountToken"]!);

        // What the overlay lets out stays, and the API server comes to it.
        var before = Single(await RenderAsync(overlay), "NetworkPolicy")["spec"]!["egress"]!.AsArray();
        var outwards = Single(resources, "NetworkPolicy")["spec"]!["egress"]!.AsArray();
        Assert.Equal(before.Select(rule => rule!.ToJsonString()), outwards.SkipLast(1).Select(rule => rule!.ToJsonString()));
        Assert.Equal([443, 6443], outwards[^1]!["ports"]!.AsArray().Select(port => (int)port!["port"]!));

        // The key that turns it on belongs to the users' own configuration.
        var settings = ConfigLoader.Load(_folder.Write("egress-alerts.yml", Config(resources) + "telemetry: {kubernetes: {watch: true}}\n"));
        Assert.True(settings.Registry.Kubernetes.Watch);

        static IEnumerable<string?> Texts(JsonNode list) => list.AsArray().Select(text => (string?)text);
    }

    /// <summary>What kubectl makes of an overlay of users, who put a component on top of one of the checkout.</summary>
    private async Task<IReadOnlyList<JsonNode>> RenderAsync(string overlay, string component)
    {
        string From(string name) => Path.GetRelativePath(_folder.Path, Repository.File("deploy", "kubernetes", name));
        _folder.Write("kustomization.yaml", $"resources: [{From(overlay)}]\ncomponents: [{From(component)}]\n");
        return Yaml.Read(await ClusterTools.KustomizeAsync(_folder.Path));
    }

    /// <summary>What kubectl makes of an overlay of the checkout.</summary>
    private static async Task<IReadOnlyList<JsonNode>> RenderAsync(string overlay) =>
        Yaml.Read(await ClusterTools.KustomizeAsync(Repository.File("deploy", "kubernetes", overlay)));

    private Task AssertValidAsync(IReadOnlyList<JsonNode> resources) => Schemas.AssertValidAsync(_folder, resources);

    private static string Config(IReadOnlyList<JsonNode> resources)
    {
        var name = (string?)Pod(resources)["volumes"]!.AsArray().Single(volume => (string?)volume!["name"] == "config")!["configMap"]!["name"];
        var map = resources.Single(resource => Kind(resource) == "ConfigMap" && (string?)resource["metadata"]!["name"] == name);
        return (string)map["data"]!["egress-alerts.yml"]!;
    }

    private static JsonNode Pod(IReadOnlyList<JsonNode> resources) => Single(resources, "StatefulSet")["spec"]!["template"]!["spec"]!;

    private static JsonNode Single(IReadOnlyList<JsonNode> resources, string kind) => resources.Single(resource => Kind(resource) == kind);

    private static string Kind(JsonNode resource) => (string)resource["kind"]!;
}
