using System.Text.Json.Nodes;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>
/// deploy/installation.md for clusters, typed as it stands there. There is no cluster: what is rendered runs here, with the addresses of this test's servers in
/// the places of the cluster's.
/// </summary>
public sealed class ClusterInstallationTests : IDisposable
{
    private static readonly string Guide = Repository.File("deploy", "installation.md");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Whoever_installs_with_Helm_is_alerted_and_the_link_opens()
    {
        var blocks = Markdown.Blocks(Guide, "## Helm");
        var values = blocks.Single(block => block.StartsWith("image:", StringComparison.Ordinal));
        var command = blocks.SelectMany(block => block.Split('\n')).Single(line => line.StartsWith("helm template", StringComparison.Ordinal)).Split(' ')[1..];
        var arguments = command.Select(argument => argument
            .Replace("my-values.yaml", _folder.Write("my-values.yaml", values), StringComparison.Ordinal)
            .Replace("deploy/helm", Repository.File("deploy", "helm"), StringComparison.Ordinal));
        var output = await ClusterTools.HelmAsync(arguments);
        foreach (var text in (string[])["registry.example.com/egress-alerts:0.2.0", "kind: ServiceMonitor", "kind: PrometheusRule", "grafana_dashboard"])
            Assert.Contains(text, output, StringComparison.Ordinal);
        await RunAsync(output);
    }

    [Fact]
    public async Task Whoever_installs_with_Kustomize_is_alerted_and_the_link_opens()
    {
        // Beside the checkout, whose folder has the name that git gives it.
        Directory.CreateSymbolicLink(_folder.File("egress-alerts"), Repository.Root);
        Directory.CreateDirectory(_folder.File("my-egress-alerts"));
        var blocks = Markdown.Blocks(Guide, "## prometheus-operator")
            .Where(block => block.StartsWith("namespace:", StringComparison.Ordinal) || block.StartsWith("patches:", StringComparison.Ordinal));
        _folder.Write("my-egress-alerts/kustomization.yaml", string.Join('\n', blocks));

        // The copy that the guide begins with, with a change, so that it can be told from the original.
        var original = await File.ReadAllTextAsync(Repository.File("deploy", "kubernetes", "prometheus-operator", "egress-alerts.yml"));
        _folder.Write("my-egress-alerts/egress-alerts.yml", original.TrimEnd() + "\n  external_labels: {cluster: mine}\n");
        var output = await ClusterTools.KustomizeAsync(_folder.File("my-egress-alerts"));
        Assert.Contains("registry.example.com/egress-alerts:0.2.0", output, StringComparison.Ordinal);
        Assert.Contains("cluster: mine", output, StringComparison.Ordinal);
        Assert.Contains("kubernetes.io/metadata.name: ingress-nginx", output, StringComparison.Ordinal);
        await RunAsync(output);
    }

    /// <summary>Runs the rendered configuration until an alert comes, and opens its links as a browser does.</summary>
    private static async Task RunAsync(string rendered)
    {
        var resources = Yaml.Read(rendered);
        var config = Yaml.Read(resources.Select(resource => (string?)resource["data"]?["egress-alerts.yml"]).OfType<string>().Single()).Single();
        var container = resources.Single(resource => (string?)resource["kind"] == "StatefulSet")["spec"]!["template"]!["spec"]!["containers"]![0]!;
        var arguments = container["args"]!.AsArray().Select(argument => (string)argument!).ToList();
        Assert.Equal(
            ["serve", "--config.file=/etc/egress-alerts/egress-alerts.yml", "--storage.path=/var/lib/egress-alerts"], arguments);

        await using var mesh = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)));
        await using var prometheus = await PrometheusServer.StartAsync("5s", ("envoy-stats", mesh.Address));
        await using var alertmanager = await AlertmanagerServer.StartAsync();
        Assert.EndsWith(".monitoring.svc.cluster.local:9090", (string?)config["prometheus"]!["url"]);
        config["prometheus"]!["url"] = prometheus.Address.ToString();
        config["alerting"]!["alertmanagers"] = new JsonArray(new JsonObject { ["url"] = alertmanager.Address.ToString() });
        config["dns"] = new JsonObject { ["servers"] = new JsonArray(mesh.Dns.Endpoint.ToString()) };
        await using var service = new EgressAlertsProcess(config.ToJsonString());
        await service.StartAsync();

        using var http = new HttpClient();
        var alert = await Deadline.UntilAsync(
            () => alertmanager.AlertAsync("EgressBlocked"), 240, $"an alert about what was blocked\n{service.Output}");
        foreach (var link in (string[])[alert.GeneratorUrl, alert.Annotations["runbook_url"]])
        {
            var address = new Uri(link);
            Assert.Equal("egress-alerts.example.com", address.Host);
            Assert.Contains("EgressBlocked", await http.GetStringAsync(new Uri(service.Address, address.PathAndQuery)), StringComparison.Ordinal);
        }
    }
}
