using System.Text.Json;
using EgressAlerts.Naming;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Configuration;

/// <summary>Reads a file of named networks: a YAML list like <c>destinations.networks</c>, or the <c>ip-ranges.json</c> that AWS publishes.</summary>
internal static class NetworkFile
{
    public static IReadOnlyList<Network> Read(ConfigSource config, string file)
    {
        var source = new ConfigSource(file);
        var networks = file.EndsWith(".json", StringComparison.Ordinal) ? Aws(source) : Yaml(source);
        config.Errors.AddRange(source.Errors);
        return networks;
    }

    private static IReadOnlyList<Network> Yaml(ConfigSource source)
    {
        if (YamlFile.Read(source) is YamlSequenceNode list)
        {
            return
            [
                .. list.Children.OfType<YamlMappingNode>()
                    .Select((item, i) => new ConfigSection(source, $"[{i}]", item))
                    .SelectMany(ConfigLoader.Networks),
            ];
        }

        source.Errors.Add(new(source.File, 1, "a network file holds a list of '- {name: ..., cidrs: [...]}'"));
        return [];
    }

    /// <summary>Named <c>aws</c> or after the service, such as <c>aws-s3</c>; the most specific prefix wins, and a service wins over AMAZON.</summary>
    private static IReadOnlyList<Network> Aws(ConfigSource source)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(source.File));
            return
            [
                .. Prefixes(json, "prefixes", "ip_prefix").Concat(Prefixes(json, "ipv6_prefixes", "ipv6_prefix"))
                    .OrderBy(prefix => prefix.Service == "AMAZON")
                    .Select(prefix => new Network(
                        prefix.Service == "AMAZON" ? "aws" : $"aws-{prefix.Service.ToLowerInvariant().Replace('_', '-')}",
                        ConfigSection.Cidr(prefix.Cidr) ?? throw new JsonException($"'{prefix.Cidr}' is not a network"),
                        "aws",
                        prefix.Region)),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            source.Errors.Add(new(source.File, 0, $"this is not a readable ip-ranges.json: {e.Message}"));
            return [];
        }
    }

    private static IEnumerable<(string Cidr, string Service, string Region)> Prefixes(JsonDocument json, string list, string key) =>
        json.RootElement.TryGetProperty(list, out var prefixes)
            ? prefixes.EnumerateArray().Select(prefix => (prefix.GetProperty(key).GetString()!, prefix.GetProperty("service").GetString()!, prefix.GetProperty("region").GetString()!))
            : [];
}
