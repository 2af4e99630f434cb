using System.Text.Json;
using EgressAlerts.Naming;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Configuration;

/// <summary>Reads a file of named networks: a YAML list like <c>destinations.networks</c>, lines of <c>cidr,name,owner,region</c>, or the
/// <c>ip-ranges.json</c> that AWS publishes.</summary>
internal static class NetworkFile
{
    private const int MaxErrors = 5;

    /// <summary>The networks of a file.</summary>
    /// <exception cref="InvalidDataException">The file cannot be used; the message has its first errors, each with file and line.</exception>
    public static NetworkTable Read(string file)
    {
        var source = new ConfigSource(file);
        try
        {
            var networks = Path.GetExtension(file) switch
            {
                ".json" => Aws(source),
                ".csv" => Csv(source),
                _ => Yaml(source),
            };
            if (source.Errors.Count == 0) return new(networks);
        }
        catch (ConfigException e)
        {
            source.Errors.AddRange(e.Errors);
        }

        var more = source.Errors.Count > MaxErrors ? $"; and {source.Errors.Count - MaxErrors} more" : "";
        throw new InvalidDataException(string.Join("; ", source.Errors.Take(MaxErrors)) + more);
    }

    /// <summary>Owner and region may be missing; empty lines, comments and a first line that names the columns are passed over.</summary>
    private static List<Network> Csv(ConfigSource source)
    {
        var networks = new List<Network>();
        try
        {
            foreach (var (number, line) in File.ReadLines(source.File).Index())
            {
                var cells = line.Split(',', StringSplitOptions.TrimEntries);
                if (line.Length == 0 || line[0] == '#' || (number == 0 && cells[0] == "cidr")) continue;
                if (cells.Length is < 2 or > 4 || ConfigSection.Cidr(cells[0]) is not { } cidr || Model.LabelText.Host(cells[1]) == Model.Words.Invalid)
                    source.Errors.Add(new(source.File, number + 1, "this is no line 'cidr,name,owner,region' with a network and a name of letters, digits, '-', '_' and '.'"));
                else networks.Add(new Network(cells[1], cidr, cells.ElementAtOrDefault(2) ?? "", cells.ElementAtOrDefault(3) ?? ""));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            source.Errors.Add(new(source.File, 0, $"this cannot be read: {e.Message}"));
        }

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
            ? prefixes.EnumerateArray().Select(prefix => (Text(prefix, key), Text(prefix, "service"), Text(prefix, "region")))
            : [];

    private static string Text(JsonElement item, string key) => item.GetProperty(key).GetString() ?? throw new JsonException($"'{key}' is null");
}
