using System.Globalization;
using System.Text.Json.Nodes;
using EgressAlerts.Testing;
using static EgressAlerts.IntegrationTests.Operations.HelmChart;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>Helm and Kustomize give a cluster the same, but for differences that are listed here.</summary>
public sealed class HelmOverlayTests : IDisposable
{
    /// <summary>What the overlay prometheus-operator is in values. The chart's default configuration fits it but for the address of the pages.</summary>
    private const string Operator = """
        replicas: 2
        serviceMonitor: {enabled: true, labels: {release: kube-prometheus-stack}}
        prometheusRule: {enabled: true, labels: {release: kube-prometheus-stack}}
        grafanaDashboards: {enabled: true}
        config: {alerting: {external_url: 'https://egress-alerts.example.com'}}
        """;

    /// <summary>The differences that may be, beside the text of the configuration and the names of ConfigMaps. Each is left out of the comparison.</summary>
    private static readonly (string Kind, string Path, string Why)[] Allowed =
    [
        ("Namespace", "", "Helm makes it (--create-namespace), and does not label it."),
        ("StatefulSet", "spec/podManagementPolicy", "It cannot be changed with the number of replicas. For one pod both values are the same."),
        ("StatefulSet", "spec/template/metadata/annotations", "Another configuration restarts the pods: by another name of the ConfigMap, or by its hash."),
        ("StatefulSet", "spec/template/spec/volumes/0/configMap/name", "As above."),
        ("StatefulSet", "spec/template/spec/containers/0/imagePullPolicy", "The chart writes what Kubernetes takes by default."),
        ("ServiceMonitor", "spec/jobLabel", "The job has to be egress-alerts in any release. In the overlay it is the name of the Service, which is the same."),
    ];

    /// <summary>The labels that Helm's charts have, in metadata and in selectors.</summary>
    private static readonly string[] HelmLabels =
        ["helm.sh/chart", "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("single", "")]
    [InlineData("pair", "replicas: 2\n")]
    [InlineData("sharded", "shards: 8\n")]
    public async Task Values_give_the_same_as_an_overlay(string overlay, string values)
    {
        var config = HelmChart.Config(await File.ReadAllTextAsync(Repository.File("deploy", "kubernetes", "base", "egress-alerts.yml")));
        AssertSame(await OverlayAsync(overlay), await RenderAsync(_folder, config + values));
    }

    [Fact]
    public async Task Values_give_the_same_as_the_overlay_of_prometheus_operator() =>
        AssertSame(await OverlayAsync("prometheus-operator"), await RenderAsync(_folder, Operator));

    [Theory]
    [InlineData("single", "")]
    [InlineData("pair", "replicas: 2\n")]
    [InlineData("sharded", "shards: 8\n")]
    public async Task The_watch_of_the_cluster_gives_the_same_as_its_component(string overlay, string values)
    {
        // The component leaves the configuration to the user.
        const string Watch = "telemetry: {kubernetes: {watch: true}}\n";
        var config = await File.ReadAllTextAsync(Repository.File("deploy", "kubernetes", "base", "egress-alerts.yml")) + Watch;
        string From(string name) => Path.GetRelativePath(_folder.Path, Repository.File("deploy", "kubernetes", name));
        _folder.Write("egress-alerts.yml", config);
        _folder.Write(
            "kustomization.yaml",
            $$"""
            namespace: egress-alerts
            resources: [{{From(overlay)}}]
            components: [{{From("registry-watch")}}]
            configMapGenerator: [{name: egress-alerts, behavior: replace, files: [egress-alerts.yml]}]
            """);
        AssertSame(Yaml.Read(await ClusterTools.KustomizeAsync(_folder.Path)), await RenderAsync(_folder, HelmChart.Config(config) + values));
    }

    [Fact]
    public async Task A_difference_is_found()
    {
        var overlay = await OverlayAsync("single");
        var other = overlay.Select(resource => resource.DeepClone()).ToList();
        Single(other, "StatefulSet")["spec"]!["template"]!["spec"]!["securityContext"]!["runAsUser"] = 0;
        AssertSame(overlay, overlay);
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertSame(overlay, other));
    }

    private static async Task<IReadOnlyList<JsonNode>> OverlayAsync(string name) =>
        Yaml.Read(await ClusterTools.KustomizeAsync(Repository.File("deploy", "kubernetes", name)));

    private static void AssertSame(IReadOnlyList<JsonNode> overlay, IReadOnlyList<JsonNode> chart)
    {
        var (expected, actual) = (Comparable(overlay), Comparable(chart));
        Assert.Equal(expected.Keys, actual.Keys);
        Assert.All(expected, resource => Assert.Equal(resource.Value, actual[resource.Key]));
    }

    private static SortedDictionary<string, string> Comparable(IReadOnlyList<JsonNode> resources)
    {
        SortedDictionary<string, string> comparable = new(StringComparer.Ordinal);
        foreach (var resource in resources.Select(resource => resource.DeepClone()))
        {
            var allowed = Allowed.Where(difference => difference.Kind == Kind(resource)).ToList();
            if (allowed.Exists(difference => difference.Path.Length == 0)) continue;
            foreach (var difference in allowed) Remove(resource, difference.Path.Split('/'));
            RemoveHelmLabels(resource);

            // Not each resource of the overlays has it. Selectors keep it.
            var metadata = resource["metadata"]!.AsObject();
            metadata["labels"]?.AsObject().Remove("app.kubernetes.io/name");
            if (metadata["labels"] is JsonObject { Count: 0 }) metadata.Remove("labels");

            // The name of a ConfigMap ends with a hash, or begins with the release. The file in it tells which one it is.
            if (resource["data"]?.AsObject().Single() is var (file, text))
            {
                metadata["name"] = file;
                if (file == "egress-alerts.yml") resource["data"]![file] = Sorted(Yaml.Read((string)text!).Single()); // Helm drops the comments.
            }

            // Prometheus evaluates groups side by side, so their order means nothing.
            if (resource["spec"]?["groups"] is JsonArray groups)
            {
                var ordered = groups.OrderBy(group => (string?)group!["name"], StringComparer.Ordinal).Select(group => group!.DeepClone());
                resource["spec"]!["groups"] = new JsonArray([.. ordered]);
            }

            comparable.Add($"{Kind(resource)} {metadata["name"]}", Sorted(resource));
        }

        return comparable;
    }

    private static void Remove(JsonNode node, string[] path)
    {
        var parent = path[..^1].Aggregate(
            (JsonNode?)node, (at, part) => at is JsonArray list ? list[int.Parse(part, CultureInfo.InvariantCulture)] : at?[part]);
        parent?.AsObject().Remove(path[^1]);
    }

    private static void RemoveHelmLabels(JsonNode? node)
    {
        foreach (var label in HelmLabels) (node as JsonObject)?.Remove(label);
        var children = node switch { JsonObject map => map.Select(pair => pair.Value), JsonArray list => list, _ => [] };
        foreach (var child in children) RemoveHelmLabels(child);
    }

    private static string Kind(JsonNode resource) => (string)resource["kind"]!;
}
