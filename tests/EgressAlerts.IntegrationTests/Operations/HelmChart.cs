using System.Text.Json;
using System.Text.Json.Nodes;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>The chart in <c>deploy/helm</c>, rendered by Helm as the release egress-alerts in the namespace egress-alerts.</summary>
internal static class HelmChart
{
    public static readonly string Folder = Repository.File("deploy", "helm", "egress-alerts");

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>What Helm prints for the chart with some values, given as YAML, on top of its defaults.</summary>
    /// <exception cref="ToolException">Helm ended with another exit code.</exception>
    public static async Task<string> TemplateAsync(TemporaryFolder folder, string values, string release = "egress-alerts", int exitCode = 0) =>
        await ClusterTools.HelmAsync(
            ["template", release, Folder, "--namespace=egress-alerts", "--values=" + folder.Write("values.yaml", values)], exitCode);

    public static async Task<IReadOnlyList<JsonNode>> RenderAsync(TemporaryFolder folder, string values, string release = "egress-alerts") =>
        Yaml.Read(await TemplateAsync(folder, values, release));

    /// <summary>Values that hand a configuration to the chart.</summary>
    public static string Config(string text) => "config:\n" + string.Concat(text.Split('\n').Select(line => $"  {line}\n"));

    /// <summary>The only resource of a kind, or the one that has a name.</summary>
    public static JsonNode Single(IReadOnlyList<JsonNode> resources, string kind, string? name = null) => resources.Single(
        resource => (string?)resource["kind"] == kind && (name is null || (string?)resource["metadata"]!["name"] == name));

    /// <summary>JSON to compare: with its keys in order, and indented so that a difference can be read.</summary>
    public static string Sorted(JsonNode? node) => InOrder(node)?.ToJsonString(Indented) ?? "null";

    private static JsonNode? InOrder(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(
            map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, InOrder(pair.Value)))),
        JsonArray list => new JsonArray([.. list.Select(InOrder)]),
        _ => node?.DeepClone(),
    };
}
