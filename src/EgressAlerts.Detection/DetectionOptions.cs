using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>The <c>detection</c> section of the configuration, and <c>policies</c>.</summary>
public sealed record DetectionOptions
{
    /// <summary>How long a workload must have been watched before anything can be new for it; counted in time that was observed.</summary>
    [Duration("0s", "90d")]
    public TimeSpan Learning { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a destination stays known after a workload last talked to it, and how long it is known what was usual there.</summary>
    [SameForAll, Duration("1h", "365d")]
    public TimeSpan Memory { get; init; } = TimeSpan.FromDays(35);

    /// <summary>How far back Prometheus is asked, before the first window, whom workloads have talked to; zero for not at all.</summary>
    [SameForAll, Duration("0s", "90d")]
    public TimeSpan History { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Other settings for some workloads; the first entry that matches counts.</summary>
    [SameForAll, Overrides]
    public IReadOnlyList<DetectionOverride> Overrides { get; init; } = [];

    /// <summary>Workloads that share one history, such as Jobs whose names end in a hash; the first entry that matches counts.</summary>
    [SameForAll]
    public IReadOnlyList<WorkloadGroup> WorkloadGroups { get; init; } = [];

    /// <summary>The workload under which detectors remember what another one does: its group, or the workload itself.</summary>
    public Workload GroupOf(Workload source) => FindGroup(source)?.Of(source) ?? source;

    /// <summary>The entry of <c>detection.workload_groups</c> that a workload belongs to. Null where there is none.</summary>
    public WorkloadGroup? FindGroup(Workload source) => WorkloadGroups.FirstOrDefault(group => group.Match.Matches(source));

    /// <summary>Ordered rules on source and destination; the first that matches counts.</summary>
    [NoKey]
    public IReadOnlyList<Policy> Policies { get; init; } = [];

    /// <summary>Files of further policies, as <see cref="PolicyFile"/> reads them. They are read again when they change.</summary>
    [NoKey]
    public IReadOnlyList<string> PolicyFiles { get; init; } = [];

    /// <summary><c>EgressBlocked</c>.</summary>
    public EpisodeOptions Blocked { get; init; } = new() { Quiet = TimeSpan.FromMinutes(10) };

    public ProbingOptions Probing { get; init; } = new();

    public NewDestinationOptions NewDestination { get; init; } = new();

    public UploadSpikeOptions UploadSpike { get; init; } = new();

    public FanOutOptions FanOut { get; init; } = new();

    public BeaconingOptions Beaconing { get; init; } = new();

    /// <summary><c>EgressForbidden</c>; what is forbidden is in <see cref="Policies"/>.</summary>
    public EpisodeOptions Forbidden { get; init; } = new();

    /// <summary><c>EgressNameMismatch</c>. Claims are only checked where <c>dns.confirm</c> is true.</summary>
    public EpisodeOptions NameMismatch { get; init; } = new();

    public MetadataServiceOptions MetadataService { get; init; } = new();

    public OutsideRegionOptions OutsideRegion { get; init; } = new();

    public ThreatListedOptions ThreatListed { get; init; } = new();

    [SameForAll]
    public WatchdogOptions Watchdog { get; init; } = new();

    /// <summary>The most pairs of workload and destination that are remembered. No key: a bound that tests make small.</summary>
    internal int MaxRemembered { get; init; } = 500_000;

    /// <summary>The most pairs of workload and destination whose pulse is followed. No key: a bound that tests make small.</summary>
    internal int MaxPulses { get; init; } = 20_000;
}

/// <summary>Workloads that are one to the detectors.</summary>
/// <param name="As">What findings call them.</param>
public sealed record WorkloadGroup(
    [property: WorkloadPattern, Required] WorkloadPattern Match, [property: WorkloadName, Required] Workload As)
{
    /// <summary>The group that a member belongs to. Each cluster has its own.</summary>
    public Workload Of(Workload member) => As with { Cluster = member.Cluster };
}

/// <summary>Settings for some workloads.</summary>
/// <param name="Options">What holds for these workloads. Keys that the entry leaves out have the values that hold for all.</param>
public sealed record DetectionOverride(
    [property: WorkloadPattern, Required("is missing: name at least one namespace/workload")] IReadOnlyList<WorkloadPattern> Workloads,
    [property: Key("")] DetectionOptions Options);

/// <summary>What every detector has settings for.</summary>
public record DetectorOptions
{
    public bool Enabled { get; init; } = true;

    /// <summary><c>critical</c>, <c>warning</c> or <c>info</c>.</summary>
    [Severity]
    public string Severity { get; init; } = Severities.Warning;
}

/// <summary>Settings of a detector whose findings last until there was nothing more of it for a while.</summary>
public record EpisodeOptions : DetectorOptions
{
    /// <summary>The alert resolves when there was nothing for this long.</summary>
    [Duration("1s", "7d")]
    public TimeSpan Quiet { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>Settings of <c>EgressProbing</c>.</summary>
public sealed record ProbingOptions : EpisodeOptions
{
    public ProbingOptions() => Quiet = TimeSpan.FromMinutes(10);

    /// <summary>So many different destinations (address or name, and port) that refuse are too many.</summary>
    [Count(2, 1_000)]
    public int Destinations { get; init; } = 10;

    /// <summary>In so short a time.</summary>
    [Duration("1s", "1d")]
    public TimeSpan Within { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>Settings of <c>EgressNewDestination</c>.</summary>
public sealed record NewDestinationOptions : DetectorOptions
{
    public NewDestinationOptions() => Severity = Severities.Info;

    /// <summary>Severity for a destination that the mesh, the user or DNS vouches for; <see cref="DetectorOptions.Severity"/> is for one whose name is claimed,
    /// unconfirmed or missing.</summary>
    [Severity]
    public string ConfirmedSeverity { get; init; } = Severities.Info;

    /// <summary>Bytes sent there that make it one step more severe.</summary>
    [Size("1KiB", "1024TiB")]
    public long LargeUpload { get; init; } = 100L << 20;

    /// <summary>The alert resolves when this long has passed since the first contact.</summary>
    [Duration("1s", "7d")]
    public TimeSpan Hold { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>What detectors have that hold an hour against the same hours of earlier weeks.</summary>
public record SeasonalOptions : EpisodeOptions
{
    /// <summary>How long a workload must have been watched before it is judged: a week knows all hours.</summary>
    [Duration("0s", "90d")]
    public TimeSpan Learning { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How many spreads (MAD of logarithms, half an octave at least) above the median are still usual.</summary>
    [Count(1, 20)]
    public int Deviations { get; init; } = 5;
}

/// <summary>Settings of <c>EgressUploadSpike</c>.</summary>
public sealed record UploadSpikeOptions : SeasonalOptions
{
    /// <summary>Bytes within an hour that are never too much.</summary>
    [Size("1KiB", "1024TiB")]
    public long Floor { get; init; } = 100L << 20;

    /// <summary>Bytes more than usual that may add up from day to day.</summary>
    [Size("1KiB", "1024TiB")]
    public long DailyFloor { get; init; } = 200L << 20;

    /// <summary>Small requests within an hour that are never too many: 1 KiB each or less, as data leaves in names that are looked up.</summary>
    [Count(100, 100_000_000)]
    public int RequestFloor { get; init; } = 5_000;
}

/// <summary>Settings of <c>EgressFanOut</c>.</summary>
public sealed record FanOutOptions : SeasonalOptions
{
    /// <summary>Destinations within an hour that are never too many.</summary>
    [Count(1, 1_000_000)]
    public int Floor { get; init; } = 50;

    /// <summary>Destinations within eight hours that a workload never talked to before, and that are never too many.</summary>
    [Count(1, 1_000_000)]
    public int NewFloor { get; init; } = 20;
}

/// <summary>Settings of <c>EgressBeaconing</c>.</summary>
public sealed record BeaconingOptions : EpisodeOptions
{
    /// <summary>How regular is too regular, of 100.</summary>
    [Count(1, 100)]
    public int Score { get; init; } = 90;

    /// <summary>The least exchanges that say anything.</summary>
    [Count(8, 64)]
    public int Exchanges { get; init; } = 12;

    /// <summary>Bytes both ways in a typical exchange; more is no beacon.</summary>
    [Size("1KiB", "1024TiB")]
    public long MaxBytes { get; init; } = 64L << 10;

    /// <summary>Names of destinations whose pulse is known, such as those of telemetry; they count only where somebody vouches for the name.</summary>
    [HostPattern]
    public IReadOnlyList<Pattern> Known { get; init; } = [];
}

/// <summary>Settings of <c>EgressMetadataService</c>.</summary>
public sealed record MetadataServiceOptions : EpisodeOptions
{
    /// <summary>Workloads that may talk to it.</summary>
    [WorkloadPattern]
    public IReadOnlyList<WorkloadPattern> Allowed { get; init; } = [];
}

/// <summary>Settings of <c>EgressOutsideRegion</c>.</summary>
public sealed record OutsideRegionOptions : EpisodeOptions, ICheckedOptions
{
    /// <summary>The regions that some namespaces are to keep to; others may go anywhere.</summary>
    public IReadOnlyList<AllowedRegions> AllowedRegions { get; init; } = [];

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven) =>
        AllowedRegions.Index().Where(entry => AllowedRegions.Take(entry.Index).Any(before => before.Namespace == entry.Item.Namespace))
            .Select(entry => (FormattableString.Invariant($"allowed_regions[{entry.Index}].namespace"), "is there twice"));

    /// <summary>The regions that a namespace is to keep to; null where it may go anywhere.</summary>
    internal IReadOnlyList<string>? Of(string ns) => AllowedRegions.FirstOrDefault(entry => entry.Namespace == ns)?.Regions;
}

/// <summary>The regions that a namespace is to keep to.</summary>
public sealed record AllowedRegions(
    [property: Required("is missing")] string Namespace, [property: Required("is missing: name at least one")] IReadOnlyList<string> Regions);

/// <summary>Settings of <c>EgressThreatListed</c>.</summary>
public sealed record ThreatListedOptions : EpisodeOptions
{
    public ThreatListedOptions() => Severity = Severities.Critical;

    [SameForAll]
    public IReadOnlyList<ThreatListOptions> Lists { get; init; } = [];
}

/// <summary>A list of addresses, networks and domains to beware of.</summary>
public sealed record ThreatListOptions : ICheckedOptions
{
    /// <summary>What findings and metrics call it.</summary>
    [PlainName, Required]
    public string Name { get; init; } = "";

    /// <summary>Where it lies. It is read again when it changes.</summary>
    [Required("is missing")]
    public string File { get; init; } = "";

    /// <summary>A list that was written longer ago than this has expired: it matches nothing.</summary>
    [Duration("1m", "3650d")]
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Whether a list matches nothing, because it is too old or there is none.</summary>
    /// <param name="written">When it was written; null where there is none.</param>
    public bool IsExpired(DateTimeOffset? written, DateTimeOffset now) => written is not { } at || now - at > MaxAge;

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (UsableFile.Fault(() => _ = new ThreatList(this)) is { } fault) yield return ("file", fault);
    }
}

/// <summary>Settings of <c>EgressAlertsWatchdog</c>.</summary>
public sealed record WatchdogOptions : DetectorOptions
{
    public WatchdogOptions() => Severity = Severities.Info;
}
