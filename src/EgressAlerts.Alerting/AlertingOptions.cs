using EgressAlerts.Common;

namespace EgressAlerts.Alerting;

/// <summary>The <c>alerting</c> section of the configuration.</summary>
public sealed record AlertingOptions : ICheckedOptions
{
    private static readonly Uri Unknown = new("http://127.0.0.1:10098");

    /// <summary>Where alerts are sent.</summary>
    public IReadOnlyList<AlertmanagerOptions> Alertmanagers { get; init; } = [new() { Url = new("http://127.0.0.1:9093") }];

    /// <summary>How often firing alerts are sent again.</summary>
    [Duration("1s", "1h")]
    public TimeSpan ResendInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The most alerts of one name and of more than <c>info</c> that fire at a time; further ones are held back. Alertmanager and people have limits
    /// of their own.</summary>
    [Count(1, 100_000)]
    public int MaxAlertsPerName { get; init; } = 2_500;

    /// <summary>The most alerts of all names and of more than <c>info</c> that fire at a time.</summary>
    [Count(1, 100_000)]
    public int MaxAlerts { get; init; } = 5_000;

    /// <summary>The most alerts of <c>info</c> that fire at a time. They stay for a day, until a digest has told them, and must not take the room
    /// of the others.</summary>
    [Count(1, 100_000)]
    public int MaxInfoAlerts { get; init; } = 5_000;

    /// <summary>How long alerts are remembered after they have resolved.</summary>
    [Duration("0s", "400d")]
    public TimeSpan History { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Labels added to every alert.</summary>
    [LabelName]
    public IReadOnlyDictionary<string, string> ExternalLabels { get; init; } = new Dictionary<string, string>();

    /// <summary>Where users reach this service; links in alerts begin with it. Null where nobody has said.</summary>
    public Uri? ExternalUrl { get; init; }

    /// <summary>Where users reach Alertmanager's own page: links to silences begin with it. Null where nobody has said.</summary>
    public Uri? AlertmanagerExternalUrl { get; init; }

    /// <summary>Whether nobody has named <see cref="ExternalUrl"/>, so that it is what this machine knows of itself.</summary>
    [NoKey]
    public bool IsExternalUrlGuessed { get; init; }

    /// <summary>The length of a window: an alert must outlive a few of them without news.</summary>
    [NoKey]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What links in alerts begin with, without a slash at the end.</summary>
    internal string Home => (ExternalUrl ?? Unknown).AbsoluteUri.TrimEnd('/');

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (ExternalUrl?.UserInfo.Length > 0) yield return ("external_url", "holds a user name or password, which every alert would show: leave it out");
        if (AlertmanagerExternalUrl?.UserInfo.Length > 0)
            yield return ("alertmanager_external_url", "holds a user name or password, which pages would show: leave it out");
    }
}

/// <summary>An Alertmanager, or some that are discovered, and how to reach them.</summary>
public sealed record AlertmanagerOptions : ICheckedOptions
{
    /// <summary>Null where they are discovered.</summary>
    public Uri? Url { get; init; }

    /// <summary>Of what is discovered.</summary>
    [OneOf("http", "https")]
    public string Scheme { get; init; } = "http";

    /// <summary>Of what is discovered.</summary>
    public string PathPrefix { get; init; } = "";

    [Key("dns_sd_configs")]
    public IReadOnlyList<DnsDiscoveryOptions> Dns { get; init; } = [];

    [Key("file_sd_configs")]
    public IReadOnlyList<FileDiscoveryOptions> Files { get; init; } = [];

    [Key("")]
    public HttpSettings Http { get; init; } = new();

    /// <summary>The same, with the user name and password of the URL where HTTP clients look for them.</summary>
    public AlertmanagerOptions WithoutCredentialsInUrl() =>
        this with { Url = Url is null ? null : HttpText.WithoutCredentials(Url), Http = Http.WithCredentialsOf(Url) };

    /// <summary>The URL of a target that was discovered.</summary>
    /// <param name="target">As host:port.</param>
    internal Uri UrlOf(string target) => new($"{Scheme}://{target}/{PathPrefix.Trim('/')}");

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (Url is null && Dns.Count == 0 && Files.Count == 0) yield return ("url", "is missing, and so are dns_sd_configs and file_sd_configs");
        if (Url is not null && (isGiven("scheme") || isGiven("path_prefix")))
            yield return ("url", "has them both: scheme and path_prefix are for what is discovered");
        foreach (var fault in HttpSettings.UrlFaults(Url, isGiven)) yield return ("url", fault);
    }
}

/// <summary>Names whose records name Alertmanagers.</summary>
public sealed record DnsDiscoveryOptions
{
    [DnsName, Required("is missing: name at least one")]
    public IReadOnlyList<string> Names { get; init; } = [];

    [OneOf("SRV", "A", "AAAA")]
    public TargetKind Type { get; init; } = TargetKind.Srv;

    /// <summary>Of addresses; SRV records have their own.</summary>
    [Count(1, ushort.MaxValue)]
    public int Port { get; init; } = 9093;

    /// <summary>How often DNS is asked.</summary>
    [Duration("1s", "1h")]
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Files that name Alertmanagers, as <see cref="TargetFile"/> reads them. They are read again when they change.</summary>
public sealed record FileDiscoveryOptions : ICheckedOptions
{
    [Required("is missing: name at least one")]
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven) =>
        Files.Select(file => ("files", UsableFile.Fault(() => TargetFile.Read(file)))).Where(fault => fault.Item2 is not null)!;
}

/// <summary>A name that DNS can be asked for.</summary>
internal sealed class DnsNameAttribute() : ValueAttribute("text", "is not a name")
{
    public override object? Parse(string text) => text.Trim('.').Length > 0 && !text.Contains(' ', StringComparison.Ordinal) ? text : null;
}
