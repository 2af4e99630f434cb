using System.Text.Json;
using EgressAlerts.Common;
using EgressAlerts.Model;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Naming;

/// <summary>Reads a file of named networks: a YAML list like <c>destinations.networks</c>, lines of <c>cidr,name,owner,region</c>, or the
/// <c>ip-ranges.json</c> that AWS publishes.</summary>
internal static class NetworkFile
{
    private const int MaxErrors = 5;

    /// <summary>The networks of a file.</summary>
    /// <exception cref="InvalidDataException">The file cannot be used. The message has its first errors, each with file and line.</exception>
    public static NetworkTable Read(string file) => new(ReadNetworks(file));

    /// <inheritdoc cref="Read"/>
    public static IReadOnlyList<Network> ReadNetworks(string file)
    {
        var errors = new List<ConfigError>();
        try
        {
            var networks = Path.GetExtension(file) switch
            {
                ".json" => Aws(file),
                ".csv" => Csv(file, errors),
                _ => Yaml(file, errors),
            };
            if (errors.Count == 0) return networks;
        }
        catch (ConfigException e)
        {
            errors.AddRange(e.Errors);
        }

        var more = errors.Count > MaxErrors ? $"; and {errors.Count - MaxErrors} more" : "";
        throw new InvalidDataException(string.Join("; ", errors.Take(MaxErrors)) + more);
    }

    /// <summary>Owner and region may be missing; empty lines, comments and a first line that names the columns are passed over.</summary>
    private static List<Network> Csv(string file, List<ConfigError> errors)
    {
        var networks = new List<Network>();
        try
        {
            foreach (var (number, line) in File.ReadLines(file).Index())
            {
                var cells = line.Split(',', StringSplitOptions.TrimEntries);
                if (line.Length == 0 || line[0] == '#' || (number == 0 && cells[0] == "cidr")) continue;
                if (cells.Length is >= 2 and <= 4 && CidrAttribute.Read(cells[0]) is { } cidr && LabelText.Host(cells[1]) != LabelValues.Invalid)
                    networks.Add(new(cells[1], cidr, cells.ElementAtOrDefault(2) ?? "", cells.ElementAtOrDefault(3) ?? ""));
                else
                    errors.Add(new(
                        file,
                        number + 1,
                        "this is no line 'cidr,name,owner,region' with a network and a name of letters, digits, '-', '_' and '.'"));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(new(file, 0, $"this cannot be read: {e.Message}"));
        }

        return networks;
    }

    /// <exception cref="ConfigException">The file cannot be read, is not YAML, or is no list.</exception>
    private static List<Network> Yaml(string file, List<ConfigError> errors)
    {
        if (YamlFile.Read(file) is not YamlSequenceNode list)
            throw new ConfigException([new(file, 1, "a network file holds a list of '- {name: ..., cidrs: [...]}'")]);
        var binder = new OptionsBinder(file);
        List<Network> networks =
        [
            .. list.Children.OfType<YamlMappingNode>()
                .SelectMany((item, i) => binder.Read(item, new NetworkEntry(), FormattableString.Invariant($"[{i}]")).Networks),
        ];
        errors.AddRange(binder.Errors);
        return networks;
    }

    /// <summary>Named <c>aws</c> or after the service, such as <c>aws-s3</c>; the most specific prefix wins, and a service wins over AMAZON.</summary>
    /// <exception cref="ConfigException">The file cannot be read or has another form.</exception>
    private static List<Network> Aws(string file)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            return
            [
                .. Prefixes(json, "prefixes", "ip_prefix").Concat(Prefixes(json, "ipv6_prefixes", "ipv6_prefix"))
                    .OrderBy(prefix => prefix.Service == "AMAZON")
                    .Select(prefix => new Network(
                        prefix.Service == "AMAZON" ? "aws" : $"aws-{prefix.Service.ToLowerInvariant().Replace('_', '-')}",
                        CidrAttribute.Read(prefix.Cidr) ?? throw new JsonException($"'{prefix.Cidr}' is not a network"),
                        "aws",
                        prefix.Region)),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ConfigException([new(file, 0, $"this is not a readable ip-ranges.json: {e.Message}")]);
        }
    }

    private static IEnumerable<(string Cidr, string Service, string Region)> Prefixes(JsonDocument json, string list, string key) =>
        json.RootElement.TryGetProperty(list, out var prefixes)
            ? prefixes.EnumerateArray().Select(prefix => (Text(prefix, key), Text(prefix, "service"), Text(prefix, "region")))
            : [];

    private static string Text(JsonElement item, string key) => item.GetProperty(key).GetString() ?? throw new JsonException($"'{key}' is null");
}
