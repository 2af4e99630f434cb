using EgressAlerts.Common;
using EgressAlerts.Naming.Dns;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Configuration;

/// <summary>Reads an entry of <c>alerting.alertmanagers</c>: one URL, or <c>dns_sd_configs</c> and <c>file_sd_configs</c> under the names that Prometheus has.</summary>
internal static class AlertmanagerSection
{
    private const int DefaultPort = 9093;
    private static readonly TimeSpan DefaultRefresh = TimeSpan.FromSeconds(30);

    public static AlertmanagerSettings Read(ConfigSection section)
    {
        var dns = section.Sections("dns_sd_configs").Select(Dns).ToList();
        var files = section.Sections("file_sd_configs").SelectMany(Files).ToList();
        if (!section.Has("url") && dns.Count == 0 && files.Count == 0) section.Error("url", "is missing, and so are dns_sd_configs and file_sd_configs");
        if (section.Has("url") && (section.Has("scheme") || section.Has("path_prefix"))) section.Error("url", "has them both: scheme and path_prefix are for what is discovered");
        var http = HttpSection.Read(section, null, out var url);
        var settings = new AlertmanagerSettings
        {
            Url = url,
            Scheme = section.OneOf("scheme", "http", "http", "https"),
            PathPrefix = section.Text("path_prefix", ""),
            Dns = dns,
            Files = files,
            Http = http,
        };
        section.Done();
        return settings;
    }

    private static DnsDiscovery Dns(ConfigSection section)
    {
        var discovery = new DnsDiscovery(
            section.Texts("names", [], text => text.Trim('.').Length > 0 && !text.Contains(' ', StringComparison.Ordinal), "is not a name"),
            Enum.Parse<TargetKind>(section.OneOf("type", "SRV", "SRV", "A", "AAAA"), ignoreCase: true),
            section.Number("port", DefaultPort, 1, ushort.MaxValue),
            section.Duration("refresh_interval", DefaultRefresh, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)));
        if (discovery.Names.Count == 0) section.Error("names", "is missing: name at least one");
        section.Done();
        return discovery;
    }

    private static List<WatchedFile<IReadOnlyList<string>>> Files(ConfigSection section)
    {
        var files = ConfigLoader.Open(section, "files", file => new WatchedFile<IReadOnlyList<string>>(file, Targets));
        if (!section.Has("files")) section.Error("files", "is missing: name at least one");
        section.Done();
        return files;
    }

    /// <summary>A list of <c>{targets: [host:port, ...]}</c>, YAML or JSON; labels are passed over.</summary>
    private static List<string> Targets(string file)
    {
        try
        {
            if (YamlFile.Read(new ConfigSource(file)) is not { } root) return [];
            if (root is not YamlSequenceNode groups) throw new InvalidDataException($"{file} is no list of '- targets: [host:port]'");
            var targets = groups.Children.OfType<YamlMappingNode>()
                .SelectMany(group => group.Children.TryGetValue(new YamlScalarNode("targets"), out var list) && list is YamlSequenceNode texts ? texts.Children : [])
                .Select(target => (target as YamlScalarNode)?.Value ?? "").ToList();
            if (targets.Exists(target => target.Contains('@', StringComparison.Ordinal)))
                throw new InvalidDataException($"{file}: a target holds a user name: write host:port, and use basic_auth");
            return targets.Find(target => !Uri.TryCreate("http://" + target, UriKind.Absolute, out var url) || url.Authority.Length == 0 || url.PathAndQuery != "/") is { } bad
                ? throw new InvalidDataException($"{file}: '{bad}' is not host:port")
                : targets;
        }
        catch (ConfigException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }
}
