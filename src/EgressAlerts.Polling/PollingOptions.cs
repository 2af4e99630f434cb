namespace EgressAlerts.Polling;

/// <summary>The <c>prometheus</c> section of the configuration.</summary>
public sealed record PollingOptions
{
    /// <summary>The base of any Prometheus-compatible query API; a path prefix and query arguments are kept.</summary>
    public Uri Url { get; init; } = new("http://127.0.0.1:9090");

    /// <summary>The length of a window; 1 s to 1 h.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after its end a window is read, so that late samples are in; 0 s to 10 m.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How much later than its window a sample may become visible and still count; 0 s to 1 h. At least three scrape intervals should fit in.</summary>
    public TimeSpan Late { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The most that one attempt of one query may take; 1 s to 10 m.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>How far back missed windows are read after downtime; older ones are skipped and counted.</summary>
    public TimeSpan MaxCatchUp { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The most bytes that one answer may have; 1 MiB to 16 GiB.</summary>
    public long MaxResponseBytes { get; init; } = 512L << 20;

    /// <summary>Label matchers added to every selector, such as <c>job="envoy-stats"</c>.</summary>
    public IReadOnlyList<string> Matchers { get; init; } = [];
}
