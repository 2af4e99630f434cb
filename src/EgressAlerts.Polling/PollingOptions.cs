using EgressAlerts.Common;

namespace EgressAlerts.Polling;

/// <summary>The <c>prometheus</c> section of the configuration, without what HTTP clients need to get in.</summary>
public sealed record PollingOptions : ICheckedOptions
{
    /// <summary>The base of any Prometheus-compatible query API; a path prefix and query arguments are kept. Where there are several servers, the first one:
    /// pages read the history of the exported counters there.</summary>
    public Uri Url { get; init; } = new("http://127.0.0.1:9090");

    /// <summary>Several query APIs that know a part each, in place of <see cref="Url"/>. A window waits for all of them.</summary>
    public IReadOnlyList<PrometheusServerOptions> Servers { get; init; } = [];

    /// <summary>The cluster that the server at <see cref="Url"/> stands for, as <see cref="PrometheusServerOptions.Cluster"/>.</summary>
    [NoKey]
    public string Cluster { get; init; } = "";

    /// <summary>Whose data the server at <see cref="Url"/> is asked for, as <see cref="HttpSettings.Tenant"/>.</summary>
    [NoKey]
    public string Tenant { get; init; } = "";

    /// <summary>The part of the namespaces that is read.</summary>
    [NoKey]
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>The options of each server alone.</summary>
    public IReadOnlyList<PollingOptions> EachServer() =>
        Servers.Count == 0 ? [this] :
        [
            .. Servers.Select(server => this with { Url = server.Url, Cluster = server.Cluster, Tenant = server.Http.Tenant, Servers = [] }),
        ];

    /// <summary>What messages call the server at <see cref="Url"/>.</summary>
    internal string Name => Url.GetLeftPart(UriPartial.Path) + (Tenant.Length > 0 ? $" (tenant {Tenant})" : "");

    /// <summary>The length of a window.</summary>
    [Duration("1s", "1h")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after its end a window is read, so that late samples are in.</summary>
    [Duration("0s", "10m")]
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How much later than its window a sample may become visible and still count. At least three scrape intervals should fit in.</summary>
    [Duration("0s", "1h")]
    public TimeSpan Late { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The most time that one attempt of one query may take.</summary>
    [Duration("1s", "10m")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>How far back missed windows are read after downtime; older ones are skipped and counted.</summary>
    [Duration("0s", "7d")]
    public TimeSpan MaxCatchUp { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The most bytes that one answer may have.</summary>
    [Size("1MiB", "16GiB")]
    public long MaxResponseBytes { get; init; } = 512L << 20;

    /// <summary>Label matchers added to every selector, such as <c>job="envoy-stats"</c>.</summary>
    [LabelMatcher]
    public IReadOnlyList<string> Matchers { get; init; } = [];

    /// <summary>Which of Istio's series are asked for.</summary>
    public ReadMode Read { get; init; } = ReadMode.Egress;

    /// <summary>Where users reach Prometheus' own page: links to queries begin with it. Null where nobody has said.</summary>
    public Uri? ExternalUrl { get; init; }

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (ExternalUrl?.UserInfo.Length > 0) yield return ("external_url", "holds a user name or password, which pages would show: leave it out");
        if (Servers.Count == 0) yield break;
        foreach (var key in HttpSettings.Keys.Prepend("url").Where(isGiven))
            yield return (key, "cannot stand beside servers: write it into each entry of servers that needs it");
    }
}

/// <summary>Which of Istio's series are asked for.</summary>
public enum ReadMode
{
    /// <summary>All, so that <c>egress_alerts_excluded_total</c> says exactly how much of each kind was left out.</summary>
    All,

    /// <summary>Those that may count egress. The server leaves out what lies in the mesh, and says about how much that is.</summary>
    Egress,
}

/// <summary>A label matcher of PromQL.</summary>
internal sealed class LabelMatcherAttribute() : ValueAttribute("text", "is not a label matcher such as job=\"envoy-stats\"")
{
    private static readonly string[] Operators = ["=~", "!~", "!=", "="];

    public override object? Parse(string text) => IsMatcher(text) ? text : null;

    private static bool IsMatcher(string text) =>
        text.IndexOfAny(['=', '!']) is > 0 and var at && LabelNameAttribute.IsOne(text[..at].Trim()) && text.EndsWith('"')
        && !text.Contains('\n', StringComparison.Ordinal) && Operators.Any(op => text[at..].StartsWith(op + "\"", StringComparison.Ordinal));
}
