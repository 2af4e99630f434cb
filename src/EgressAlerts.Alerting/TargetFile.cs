using EgressAlerts.Common;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Alerting;

/// <summary>Reads a file of <c>file_sd_configs</c>: a list of <c>{targets: [host:port, ...]}</c>, YAML or JSON. Labels are passed over.</summary>
internal static class TargetFile
{
    /// <exception cref="InvalidDataException">The file cannot be used; the message names it and says why, without secrets.</exception>
    public static IReadOnlyList<string> Read(string file)
    {
        try
        {
            if (YamlFile.Read(file) is not { } root) return [];
            if (root is not YamlSequenceNode groups) throw new InvalidDataException($"{file} is no list of '- targets: [host:port]'");
            var targets = groups.Children.OfType<YamlMappingNode>().SelectMany(Targets).Select(target => (target as YamlScalarNode)?.Value ?? "").ToList();
            if (targets.Exists(target => target.Contains('@', StringComparison.Ordinal)))
                throw new InvalidDataException($"{file}: a target holds a user name: write host:port, and use basic_auth");
            return targets.Find(target => !IsTarget(target)) is { } bad ? throw new InvalidDataException($"{file}: '{bad}' is not host:port") : targets;
        }
        catch (ConfigException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    private static IEnumerable<YamlNode> Targets(YamlMappingNode group) =>
        group.Children.TryGetValue(new YamlScalarNode("targets"), out var list) && list is YamlSequenceNode targets ? targets.Children : [];

    private static bool IsTarget(string text) =>
        Uri.TryCreate("http://" + text, UriKind.Absolute, out var url) && url.Authority.Length > 0 && url.PathAndQuery == "/";
}
