using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;

namespace EgressAlerts.Configuration;

/// <summary>Reads <c>detection</c>: the settings of the detectors, for all workloads and other ones for some.</summary>
internal static class DetectionSection
{
    private static readonly TimeSpan Zero = TimeSpan.Zero;

    public static DetectionOptions Read(ConfigSection section, DetectionOptions defaults)
    {
        var options = Detectors(section, defaults, (threats, options) => options with { Lists = [.. threats.Sections("lists").Select(List).OfType<ThreatList>()] }) with
        {
            Memory = section.Duration("memory", defaults.Memory, TimeSpan.FromHours(1), TimeSpan.FromDays(365)),
            History = section.Duration("history", defaults.History, Zero, TimeSpan.FromDays(90)),
            Watchdog = Detector(section, "watchdog", defaults.Watchdog),
            WorkloadGroups = [.. section.Sections("workload_groups").Select(Group).OfType<WorkloadGroup>()],
        };
        options = options with { Overrides = [.. section.Sections("overrides").Select(entry => Override(entry, options))] };
        section.Done();
        return options;
    }

    internal static string Severity(ConfigSection section, string key, string fallback) => section.OneOf(key, fallback, [.. Severities.All]);

    /// <summary>What can be set for some workloads alone.</summary>
    /// <param name="lists">Reads the threat lists, which are the same for all.</param>
    private static DetectionOptions Detectors(ConfigSection section, DetectionOptions defaults, Func<ConfigSection, ThreatListedOptions, ThreatListedOptions>? lists = null) => defaults with
    {
        Learning = section.Duration("learning", defaults.Learning, Zero, TimeSpan.FromDays(90)),
        Blocked = Detector(section, "blocked", defaults.Blocked),
        Probing = Detector(section, "probing", defaults.Probing, (probing, options) => options with
        {
            Destinations = probing.Number("destinations", options.Destinations, 2, 1_000),
            Within = probing.Duration("within", options.Within, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
        }),
        NewDestination = Detector(section, "new_destination", defaults.NewDestination, (fresh, options) => options with
        {
            ConfirmedSeverity = Severity(fresh, "confirmed_severity", options.ConfirmedSeverity),
            LargeUpload = Size(fresh, "large_upload", options.LargeUpload),
            Hold = fresh.Duration("hold", options.Hold, TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)),
        }),
        UploadSpike = Detector(section, "upload_spike", defaults.UploadSpike, (spike, options) => options with
        {
            Learning = Learning(spike, options),
            Deviations = Deviations(spike, options),
            Floor = Size(spike, "floor", options.Floor),
            DailyFloor = Size(spike, "daily_floor", options.DailyFloor),
            RequestFloor = spike.Number("request_floor", options.RequestFloor, 100, 100_000_000),
        }),
        FanOut = Detector(section, "fan_out", defaults.FanOut, (fan, options) => options with
        {
            Learning = Learning(fan, options),
            Deviations = Deviations(fan, options),
            Floor = fan.Number("floor", options.Floor, 1, 1_000_000),
            NewFloor = fan.Number("new_floor", options.NewFloor, 1, 1_000_000),
        }),
        Beaconing = Detector(section, "beaconing", defaults.Beaconing, (beacon, options) => options with
        {
            Score = beacon.Number("score", options.Score, 1, 100),
            Exchanges = beacon.Number("exchanges", options.Exchanges, 8, 64),
            MaxBytes = Size(beacon, "max_bytes", options.MaxBytes),
            Known = [.. beacon.Texts("known", [.. options.Known.Select(known => known.Text)], PolicySection.IsNamePattern, PolicySection.NoNamePattern).Select(text => new Pattern(text))],
        }),
        Forbidden = Detector(section, "forbidden", defaults.Forbidden),
        NameMismatch = Detector(section, "name_mismatch", defaults.NameMismatch),
        MetadataService = Detector(section, "metadata_service", defaults.MetadataService, (metadata, options) => options with { Allowed = Workloads(metadata, "allowed", options.Allowed) }),
        ThreatListed = Detector(section, "threat_listed", defaults.ThreatListed, lists),
        OutsideRegion = Detector(section, "outside_region", defaults.OutsideRegion, (outside, options) => options with { AllowedRegions = AllowedRegions(outside, options.AllowedRegions) }),
    };

    private static WorkloadGroup? Group(ConfigSection section)
    {
        var (match, name) = (section.Text("match", ""), section.Text("as", ""));
        var (pattern, group) = (WorkloadPattern.Parse(match), WorkloadPattern.Parse(name));
        if (pattern is null) section.Error("match", "is missing or is not namespace/workload, where each may have a * at its beginning or end");
        if (group is null || name.Contains('*', StringComparison.Ordinal)) section.Error("as", "is missing or is not namespace/workload without a *");
        section.Done();
        return pattern is { } of && group is { } it ? new(of, new(it.Namespace.Text, it.Name.Text)) : null;
    }

    private static DetectionOverride Override(ConfigSection section, DetectionOptions defaults)
    {
        var workloads = Workloads(section, "workloads", []);
        if (workloads.Count == 0) section.Error("workloads", "is missing: name at least one namespace/workload");
        var entry = new DetectionOverride(workloads, Detectors(section, defaults));
        section.Done();
        return entry;
    }

    /// <summary>What every detector has, and what <paramref name="more"/> reads of this one.</summary>
    private static T Detector<T>(ConfigSection detection, string key, T defaults, Func<ConfigSection, T, T>? more = null)
        where T : DetectorOptions
    {
        var section = detection.Section(key);
        DetectorOptions options = (DetectorOptions)defaults with { Enabled = section.Flag("enabled", defaults.Enabled), Severity = Severity(section, "severity", defaults.Severity) };
        if (options is EpisodeOptions episode) options = episode with { Quiet = section.Duration("quiet", episode.Quiet, TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)) };
        var read = more is null ? (T)options : more(section, (T)options);
        section.Done();
        return read;
    }

    private static TimeSpan Learning(ConfigSection section, SeasonalOptions options) => section.Duration("learning", options.Learning, Zero, TimeSpan.FromDays(90));

    private static int Deviations(ConfigSection section, SeasonalOptions options) => section.Number("deviations", options.Deviations, 1, 20);

    private static long Size(ConfigSection section, string key, long fallback) => section.Bytes(key, fallback, 1L << 10, 1L << 50);

    private static IReadOnlyList<WorkloadPattern> Workloads(ConfigSection section, string key, IReadOnlyList<WorkloadPattern> fallback)
    {
        var texts = section.Texts(key, [], text => WorkloadPattern.Parse(text) is not null, "is not namespace/workload, where each may have a * at its beginning or end");
        return section.Has(key) ? [.. texts.Select(text => WorkloadPattern.Parse(text)!.Value)] : fallback;
    }

    private static IReadOnlyDictionary<string, IReadOnlyList<string>> AllowedRegions(ConfigSection section, IReadOnlyDictionary<string, IReadOnlyList<string>> fallback)
    {
        var entries = section.Sections("allowed_regions");
        if (!section.Has("allowed_regions")) return fallback;
        var allowed = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var entry in entries)
        {
            var (name, regions) = (entry.Text("namespace", ""), entry.Texts("regions", []));
            if (name.Length == 0) entry.Error("namespace", "is missing");
            if (regions.Count == 0) entry.Error("regions", "is missing: name at least one");
            if (!allowed.TryAdd(name, regions)) entry.Error("namespace", "is there twice");
            entry.Done();
        }

        return allowed;
    }

    private static ThreatList? List(ConfigSection section)
    {
        var (name, file) = (section.Text("name", ""), section.Text("file", ""));
        if (LabelText.Host(name) == Words.Invalid) section.Error("name", "is missing or holds more than letters, digits, '-', '_' and '.'");
        var maxAge = section.Duration("max_age", TimeSpan.FromDays(7), TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650));
        ThreatList? list = null;
        if (file.Length == 0) section.Error("file", "is missing");
        else ConfigLoader.Try(section, "file", () => list = new ThreatList(name, file, maxAge));
        section.Done();
        return list;
    }
}
