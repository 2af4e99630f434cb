using System.Net;
using EgressAlerts.Cardinality;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Configuration;

/// <summary>Reads and checks a configuration file, strictly: every error is found at once, with its line.</summary>
internal static class ConfigLoader
{
    private const int DnsPort = 53;
    private static readonly TimeSpan Zero = TimeSpan.Zero;

    /// <exception cref="ConfigException">The file cannot be read or holds errors.</exception>
    public static Settings Load(string file) => Load(file, out _);

    /// <summary>As <see cref="Load(string)"/>, and secret files have to be there too.</summary>
    /// <exception cref="ConfigException">The file cannot be read or holds errors.</exception>
    public static void Check(string file) => Load(new ConfigSource(file) { NeedsSecretFiles = true });

    internal static Settings Load(string file, out IReadOnlyDictionary<string, (string Takes, string Standard)> knownKeys)
    {
        var source = new ConfigSource(file);
        knownKeys = source.Known;
        return Load(source);
    }

    private static Settings Load(ConfigSource source)
    {
        var settings = Read(Root(source));
        return source.Errors.Count == 0 ? settings : throw new ConfigException([.. source.Errors.OrderBy(error => error.Line)]);
    }

    private static ConfigSection Root(ConfigSource source) => new(source, "", YamlFile.Read(source) switch
    {
        null => [],
        YamlMappingNode mapping => mapping,
        { } other => throw new ConfigException([new(source.File, other.Start.Line, "a configuration begins with sections such as 'prometheus:'")]),
    });

    private static Settings Read(ConfigSection root)
    {
        var defaults = new Settings();
        var prometheus = Prometheus(root.Section("prometheus"), defaults.Prometheus, out var http);
        var dns = Dns(root.Section("dns"), defaults.Dns);
        var settings = defaults with
        {
            Prometheus = prometheus,
            PrometheusHttp = http,
            Telemetry = Telemetry(root.Section("telemetry"), defaults.Telemetry),
            Dns = dns,
            Destinations = Destinations(root.Section("destinations"), defaults.Destinations) with
            {
                ReversePrivate = dns.ReversePrivate,
                CheckClaims = dns.Confirm,
            },
            Cardinality = Cardinality(root.Section("cardinality"), defaults.Cardinality),
            Detection = DetectionSection.Read(root.Section("detection"), defaults.Detection),
        };
        settings = settings with
        {
            Detection = settings.Detection with { Policies = PolicySection.Read(root, settings.Detection.Forbidden.Severity) },
        };
        settings = settings with { Telemetry = PolicySection.Asked(settings.Telemetry, settings.Detection.Policies) };
        settings = Alerting(root.Section("alerting"), settings);
        root.Done();
        return settings;
    }

    private static PollingOptions Prometheus(ConfigSection section, PollingOptions defaults, out HttpSettings http)
    {
        http = HttpSection.Read(section, defaults.Url, out var url);
        var options = new PollingOptions
        {
            Url = url!,
            Interval = section.Duration("interval", defaults.Interval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            Delay = section.Duration("delay", defaults.Delay, Zero, TimeSpan.FromMinutes(10)),
            Late = section.Duration("late", defaults.Late, Zero, TimeSpan.FromHours(1)),
            Timeout = section.Duration("timeout", defaults.Timeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            MaxCatchUp = section.Duration("max_catch_up", defaults.MaxCatchUp, Zero, TimeSpan.FromDays(7)),
            MaxResponseBytes = section.Bytes("max_response_bytes", defaults.MaxResponseBytes, 1L << 20, 16L << 30),
            Matchers = section.Texts("matchers", defaults.Matchers, IsMatcher, "is not a label matcher such as job=\"envoy-stats\""),
        };
        section.Done();
        return options;
    }

    private static TelemetryOptions Telemetry(ConfigSection section, TelemetryOptions defaults)
    {
        var labels = section.Section("labels");
        IReadOnlyList<string> Names(string key, IReadOnlyList<string> fallback) => labels.Texts(key, fallback, IsLabelName, "is not a label name");
        var options = new TelemetryOptions
        {
            DestinationIp = Names("destination_ip", defaults.DestinationIp),
            DestinationPort = Names("destination_port", defaults.DestinationPort),
            Sni = Names("sni", defaults.Sni),
            Host = Names("host", defaults.Host),
            Path = Names("path", defaults.Path),
            ClusterDomain = section.Text("cluster_domain", defaults.ClusterDomain),
            EgressGateways = section.Texts("egress_gateways", defaults.EgressGateways, text => text.Split('/') is [{ Length: > 0 }, { Length: > 0 }], "is not namespace/workload"),
            DynamicDns = Enum.Parse<DynamicDns>(section.OneOf("dynamic_dns", defaults.DynamicDns.Word(), [.. Enum.GetValues<DynamicDns>().Select(mode => mode.Word())]), ignoreCase: true),
            ClusterNetworks = section.Cidrs("cluster_networks"),
        };
        labels.Done();
        section.Done();
        return options;
    }

    private static DnsOptions Dns(ConfigSection section, DnsOptions defaults)
    {
        var cache = section.Section("cache");
        var timeout = section.Duration("timeout", DnsOptions.UsualTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(30));
        var attempts = section.Number("attempts", DnsOptions.UsualAttempts, 1, 5);
        var options = new DnsOptions
        {
            Servers = [.. section.Texts("servers", [], text => DnsEndpoint(text) is not null, "is not an address with an optional port, such as 10.96.0.10 or 10.96.0.10:53").Select(text => DnsEndpoint(text)!)],
            Transport = Enum.Parse<DnsTransport>(section.OneOf("transport", "tcp", "tcp", "udp"), ignoreCase: true),
            Timeout = section.Has("timeout") ? timeout : null,
            Attempts = section.Has("attempts") ? attempts : null,
            MaxInFlight = section.Number("max_in_flight", defaults.MaxInFlight, 1, 10_000),
            QueriesPerSecond = section.Number("queries_per_second", defaults.QueriesPerSecond, 1, 1_000_000),
            Confirm = section.Flag("confirm", defaults.Confirm),
            ReversePrivate = section.Flag("reverse_private", defaults.ReversePrivate),
            MaxEntries = cache.Number("max_entries", defaults.MaxEntries, 100, 10_000_000),
            MinTtl = cache.Duration("min_ttl", defaults.MinTtl, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            MaxTtl = cache.Duration("max_ttl", defaults.MaxTtl, TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)),
            MaxNegativeTtl = cache.Duration("max_negative_ttl", defaults.MaxNegativeTtl, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            Stale = cache.Duration("stale", defaults.Stale, Zero, TimeSpan.FromDays(7)),
        };
        if (options.MaxTtl < options.MinTtl) cache.Error("max_ttl", "is shorter than min_ttl");
        if (options.MaxNegativeTtl < options.MinTtl) cache.Error("max_negative_ttl", "is shorter than min_ttl");
        cache.Done();
        section.Done();
        return options;
    }

    private static NamingOptions Destinations(ConfigSection section, NamingOptions defaults)
    {
        var suffixes = new SuffixSource(section.Text("public_suffix_list", defaults.PublicSuffixList.Path));
        Try(section, "public_suffix_list", suffixes.Open);
        var options = new NamingOptions
        {
            Patience = section.Duration("patience", defaults.Patience, Zero, TimeSpan.FromHours(1)),
            Networks = [.. section.Sections("networks").SelectMany(Networks)],
            NetworkFiles = Open(section, "network_files", file => new WatchedFile<NetworkTable>(file, NetworkFile.Read)),
            GeoFiles = Open(section, "mmdb_files", file => new GeoSource(file)),
            PublicSuffixList = suffixes,
            Collapse = section.Flag("collapse", defaults.Collapse),
        };
        section.Done();
        return options;
    }

    /// <summary>Opens the files that a key lists. Those that cannot be used are errors of that key.</summary>
    internal static List<T> Open<T>(ConfigSection section, string key, Func<string, T> open)
    {
        var opened = new List<T>();
        foreach (var file in section.Texts(key, [])) Try(section, key, () => opened.Add(open(file)));
        return opened;
    }

    internal static void Try(ConfigSection section, string key, Action open)
    {
        try
        {
            open();
        }
        catch (InvalidDataException e)
        {
            section.Error(key, $"cannot be used: {e.Message}");
        }
    }

    /// <summary>One entry of <c>networks</c>, also where a network file holds it.</summary>
    internal static IEnumerable<Network> Networks(ConfigSection section)
    {
        var name = section.Text("name", "");
        if (Model.LabelText.Host(name) == Model.Words.Invalid) section.Error("name", "is missing or holds more than letters, digits, '-', '_' and '.'");
        var (owner, region) = (section.Text("owner", ""), section.Text("region", ""));
        var cidrs = section.Cidrs("cidrs");
        if (cidrs.Count == 0) section.Error("cidrs", "holds no network");
        section.Done();
        return cidrs.Select(cidr => new Network(name, cidr, owner, region));
    }

    private static CardinalityOptions Cardinality(ConfigSection section, CardinalityOptions defaults)
    {
        var options = new CardinalityOptions
        {
            MaxSeries = section.Number("max_series", defaults.MaxSeries, 50, 10_000_000),
            MaxDestinationsPerWorkload = section.Number("max_destinations_per_workload", defaults.MaxDestinationsPerWorkload, 1, 100_000),
            IdleTtl = section.Duration("idle_ttl", defaults.IdleTtl, TimeSpan.FromMinutes(10), TimeSpan.FromDays(30)),
        };
        section.Done();
        return options;
    }

    private static Settings Alerting(ConfigSection section, Settings settings)
    {
        var alertmanagers = section.Sections("alertmanagers").Select(AlertmanagerSection.Read).ToList();
        var externalUrl = section.Text("external_url", "") == "" ? null : section.Url("external_url", null);
        if (externalUrl?.UserInfo.Length > 0) section.Error("external_url", "holds a user name or password, which every alert would show: leave it out");
        var result = settings with
        {
            Alertmanagers = section.Has("alertmanagers") ? alertmanagers : settings.Alertmanagers,
            ResendInterval = section.Duration("resend_interval", settings.ResendInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            MaxAlertsPerName = section.Number("max_alerts_per_name", settings.MaxAlertsPerName, 1, 100_000),
            MaxAlerts = section.Number("max_alerts", settings.MaxAlerts, 1, 100_000),
            MaxInfoAlerts = section.Number("max_info_alerts", settings.MaxInfoAlerts, 1, 100_000),
            AlertHistory = section.Duration("history", settings.AlertHistory, Zero, TimeSpan.FromDays(400)),
            ExternalLabels = section.Pairs("external_labels", IsLabelName, "is not a label name"),
            ExternalUrl = externalUrl,
        };
        section.Done();
        return result;
    }

    internal static bool IsLabelName(string text) =>
        text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static bool IsMatcher(string text) =>
        text.IndexOfAny(['=', '!']) is > 0 and var at && IsLabelName(text[..at].Trim()) && text.EndsWith('"') && !text.Contains('\n', StringComparison.Ordinal)
        && (string[])["=~", "!~", "!=", "="] is var operators && operators.Any(op => text[at..].StartsWith(op + "\"", StringComparison.Ordinal));

    private static IPEndPoint? DnsEndpoint(string text) =>
        IPEndPoint.TryParse(text, out var endpoint) ? new IPEndPoint(endpoint.Address, endpoint.Port == 0 ? DnsPort : endpoint.Port) : null;
}
