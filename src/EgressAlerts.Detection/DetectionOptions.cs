namespace EgressAlerts.Detection;

/// <summary>The <c>detection</c> section of the configuration.</summary>
public sealed record DetectionOptions
{
    /// <summary><c>EgressBlocked</c>.</summary>
    public EpisodeOptions Blocked { get; init; } = new() { Quiet = TimeSpan.FromMinutes(10) };

    public ProbingOptions Probing { get; init; } = new();

    public NewDestinationOptions NewDestination { get; init; } = new();

    /// <summary><c>EgressNameMismatch</c>. Claims are only checked where <c>dns.confirm</c> is true.</summary>
    public EpisodeOptions NameMismatch { get; init; } = new();

    public MetadataServiceOptions MetadataService { get; init; } = new();

    public OutsideRegionOptions OutsideRegion { get; init; } = new();

    public WatchdogOptions Watchdog { get; init; } = new();
}

/// <summary>What every detector has settings for.</summary>
public record DetectorOptions
{
    public bool Enabled { get; init; } = true;

    /// <summary><c>critical</c>, <c>warning</c> or <c>info</c>.</summary>
    public string Severity { get; init; } = "warning";
}

/// <summary>Settings of a detector whose findings last until there was nothing more of it for a while.</summary>
public record EpisodeOptions : DetectorOptions
{
    /// <summary>The alert resolves when there was nothing for this long.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>Settings of <c>EgressProbing</c>.</summary>
public sealed record ProbingOptions : DetectorOptions
{
    /// <summary>So many different destinations (address or name, and port) that refuse are too many; 2 to 1,000.</summary>
    public int Destinations { get; init; } = 20;

    /// <summary>In so short a time.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The alert resolves when there were fewer for this long.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>Settings of <c>EgressNewDestination</c>.</summary>
public sealed record NewDestinationOptions : DetectorOptions
{
    /// <summary>Severity for a destination that the mesh, the user or DNS vouches for; <see cref="DetectorOptions.Severity"/> is for one whose name is claimed,
    /// unconfirmed or missing.</summary>
    public string ConfirmedSeverity { get; init; } = "info";

    /// <summary>How long a workload must have been watched before something can be new for it; counted in time that was observed.</summary>
    public TimeSpan Learning { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a destination stays known after it was last talked to.</summary>
    public TimeSpan Memory { get; init; } = TimeSpan.FromDays(30);

    /// <summary>The alert resolves when this long has passed since the first contact.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>Settings of <c>EgressMetadataService</c>.</summary>
public sealed record MetadataServiceOptions : EpisodeOptions
{
    /// <summary>Workloads that may talk to it, as <c>namespace/workload</c> or <c>namespace/*</c>.</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];
}

/// <summary>Settings of <c>EgressOutsideRegion</c>.</summary>
public sealed record OutsideRegionOptions : EpisodeOptions
{
    /// <summary>The regions that a namespace is to keep to; others may go anywhere.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> AllowedRegions { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}

/// <summary>Settings of <c>EgressAlertsWatchdog</c>.</summary>
public sealed record WatchdogOptions : DetectorOptions
{
    public WatchdogOptions() => Severity = "info";
}
