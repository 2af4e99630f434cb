using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressUploadSpike</c>: a workload sends a group of destinations, or all of them together, more than is usual in this hour of the week, or more from day to day.</summary>
/// <remarks>A group is what belongs to one owner: a site, else a network, else a /24 or /48. Each workload has at most <see cref="MaxGroups"/>, and
/// there are <see cref="MaxInAll"/> in all; beyond that the lightest makes room. At the end of each hour a group is forgotten if it got next to nothing and has no baseline,
/// or if it has got nothing within <c>detection.memory</c>.</remarks>
internal sealed class UploadSpikeDetector : IDetector
{
    public const string Name = "EgressUploadSpike";
    private const int MaxGroups = 256;
    private const int MaxInAll = 20_000;

    /// <summary>Further ones of a window are one group: a flood must not cost a search for each of its destinations.</summary>
    private const int MaxReplaced = 64;

    /// <summary>Until a workload that came late is learned, so many times the floor, and so many times its own worst hour, are too much.</summary>
    private const double EarlyFloors = 5;
    private const double EarlyWorst = 4;

    /// <summary>What a new group gets is worth remembering from this part of the floor on.</summary>
    private const int LeastOfFloor = 10;

    private static readonly TimeSpan DripQuiet = TimeSpan.FromDays(1);

    private readonly Habits _habits;
    private readonly Tuning _tuning;
    private readonly DetectionMetrics _metrics;
    private readonly Cell<long> _hour;
    private readonly UploadHours _hours;
    private readonly SpreadUploads _spread;
    private readonly Dictionary<Workload, Uploads> _workloads = [];
    private readonly Rows<(Workload Source, string Group), UploadGroup> _rows;
    private int _count;

    public UploadSpikeDetector(Habits habits, Tuning tuning, DetectionMetrics metrics, StoredState state)
    {
        (_habits, _tuning, _metrics, _hours, _spread) = (habits, tuning, metrics, new(state), new(tuning, metrics, state));
        _hour = state.Cell("upload_hour", DetectionJson.Default.Int64, Hours.None);
        (_rows, var loaded, _) = state.Rows(DetectionTables.ByPair("upload", "destination_group", DetectionJson.Default.UploadGroup), TryFind);
        foreach (var ((source, name), group) in loaded)
        {
            if (!_hours.TryResume(group)) _rows.Touch((source, name));
            if (!_workloads.TryGetValue(source, out var uploads)) _workloads.Add(source, uploads = new Uploads());
            if (name == Uploads.AllTogether) uploads.Total = group;
            else uploads.Groups.Add(name, group);
        }

        _count = _workloads.Values.Sum(uploads => uploads.Groups.Count);
        foreach (var (source, uploads) in _workloads.Where(entry => entry.Value.Total.Number == 0)) Begin(source, Uploads.AllTogether, uploads.Total); // Its row could not be read.
    }

    public string AlertName => Name;

    /// <summary>How many groups of all workloads are followed.</summary>
    internal int Groups => _count;

    public IEnumerable<Finding> Active =>
        (from entry in _workloads
         from one in entry.Value.All
         where one.Value.IsFiring
         select Found(entry.Key, one.Key, one.Value)).Concat(_spread.Active);

    public void Observe(Sighting sighting)
    {
        var now = sighting.Window.End;
        var hour = Hours.Of(now);
        if (hour != _hour.Value)
        {
            if (_hour.Value != Hours.None) Turn(hour, sighting.Window.Length);
            _hour.Value = hour;
        }

        foreach (var by in sighting.Seen.Where(by => by.Options.UploadSpike.Enabled))
        {
            // What was refused went nowhere.
            foreach (var traffic in by.To.Where(traffic => traffic is { Upload: > 0, IsBlocked: false })) Add(by, traffic);
            if (_workloads.TryGetValue(by.Source, out var uploads)) Judge(by, uploads, now);
        }

        _spread.Observe(sighting, (source, name) => _workloads.TryGetValue(source, out var uploads) && uploads.Groups.TryGetValue(name, out var group) && group.IsFiring);
        foreach (var (source, uploads) in _workloads)
        {
            uploads.Replaced = 0;
            var quiet = _tuning.Of(source).UploadSpike.Quiet;
            foreach (var (name, group) in uploads.All)
            {
                if (group.TryEnd(now, quiet, DripQuiet)) _rows.Touch((source, name));
            }
        }
    }

    /// <summary>What a destination belongs to.</summary>
    internal static string GroupOf(Destination destination, RawDestination to)
    {
        if (destination is { Confirmed: true, IsShared: false }) return destination.Site.Length > 0 ? destination.Site : destination.Name;
        if (to.Address is not { } address) return destination.Site.Length > 0 ? destination.Site : destination.Name;
        if (destination.Network.Length > 0) return destination.Network;
        return new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 24 : 48).ToString();
    }

    private bool TryFind((Workload Source, string Group) key, [MaybeNullWhen(false)] out UploadGroup group)
    {
        group = null;
        if (!_workloads.TryGetValue(key.Source, out var uploads)) return false;
        if (key.Group != Uploads.AllTogether) return uploads.Groups.TryGetValue(key.Group, out group);
        group = uploads.Total;
        return true;
    }

    private void Add(WorkloadTraffic by, Traffic traffic)
    {
        var (source, isLater) = (by.Source, by.Habit.IsLater(traffic.Met));
        if (!_workloads.TryGetValue(source, out var uploads))
        {
            _workloads.Add(source, uploads = new Uploads());
            Begin(source, Uploads.AllTogether, uploads.Total);
        }

        var name = GroupOf(traffic.Destination, traffic.Flow.To);
        if (!uploads.Groups.TryGetValue(name, out var group) && (uploads.Groups.Count >= MaxGroups || _count >= MaxInAll))
        {
            // The lightest makes room: whoever would hide among many must move as much as they do. Their sum is watched in any case.
            _metrics.Dropped(Name);
            if (uploads.Replaced++ < MaxReplaced && uploads.Lightest() is { } lightest) Remove(source, uploads, lightest);
            else name = Words.Other;
        }

        if (group is null && !uploads.Groups.TryGetValue(name, out group))
        {
            uploads.Groups.Add(name, group = new UploadGroup { Begun = isLater ? _hour.Value : 0 });
            Begin(source, name, group);
            _count++;
        }

        Add(source, name, group, traffic, isLater);
        Add(source, Uploads.AllTogether, uploads.Total, traffic, isLater);
    }

    private void Add(Workload source, string name, UploadGroup group, Traffic traffic, bool isLater)
    {
        if (group.Add(traffic, isLater)) _rows.Touch((source, name));
        _hours.Touch(group);
    }

    private void Begin(Workload source, string name, UploadGroup group)
    {
        _hours.Begin(group);
        _rows.Touch((source, name));
    }

    private void Remove(Workload source, Uploads uploads, string name)
    {
        if (!uploads.Groups.Remove(name, out var group)) return;
        End(source, name, group);
        _count--;
    }

    private void End(Workload source, string name, UploadGroup group)
    {
        _hours.End(group);
        _rows.Touch((source, name));
    }

    private void Judge(WorkloadTraffic by, Uploads uploads, DateTimeOffset now)
    {
        var options = by.Options.UploadSpike;
        if (by.Habit.Observed < options.Learning)
        {
            if (!by.Habit.CameLate) return;
            var limit = Math.Max(EarlyFloors * options.Floor, EarlyWorst * (uploads.Total.Hourly.Baseline?.Most ?? 0));
            foreach (var (name, group) in uploads.Groups)
            {
                if (group.JudgeEarly(limit, now)) _rows.Touch((by.Source, name));
            }

            return;
        }

        var (hourly, daily) = (0.0, 0.0);
        foreach (var (name, group) in uploads.Groups)
        {
            // Both are asked: what is too much, and what is too many.
            var fresh = uploads.Total.Fresh?.Usual(group.Begun, _hour.Value) ?? default;
            if (group.Judge(options, fresh, _hour.Value, group.Hour, group.Day, now) | (name != Words.Other && group.JudgeRequests(options, _hour.Value, now))) _rows.Touch((by.Source, name));
            if (group.Hourly.IsFiring || group.DripSince != default) (hourly, daily) = (hourly + group.Hour, daily + group.Day);
            else (hourly, daily) = (hourly + (group.Hour > options.Floor ? group.Hour : 0), daily + (group.Day > options.DailyFloor ? group.Day : 0));
        }

        // What is spread over many groups shows in their sum alone. What one of them explains is no second finding, and what was judged there is not judged again.
        var total = uploads.Total;
        if (total.Judge(options, default, _hour.Value, total.Hour - hourly, total.Day - daily, now)) _rows.Touch((by.Source, Uploads.AllTogether));
    }

    private void Turn(long next, TimeSpan window)
    {
        foreach (var (source, uploads) in _workloads)
        {
            var (options, watched) = (_tuning.Of(source).UploadSpike, _habits.Observed(source) - window);
            foreach (var (name, group) in uploads.Groups)
            {
                if (FreshGroups.IsNew(group.Begun, _hour.Value) && !group.IsTooMuchToday && group.Hour >= options.Floor / LeastOfFloor)
                    (uploads.Total.Fresh ??= new()).Learn(group.Begun, group.Hour, group.Day);
                if (!TurnsAndStays(name, group) || !options.Enabled) Remove(source, uploads, name);
            }

            if ((TurnsAndStays(Uploads.AllTogether, uploads.Total) || uploads.Groups.Count > 0) && options.Enabled) continue;
            End(source, Uploads.AllTogether, uploads.Total);
            _workloads.Remove(source);

            bool TurnsAndStays(string name, UploadGroup group)
            {
                _rows.Touch((source, name));
                _hours.Touch(group);
                return group.Turn(_hour.Value, next, options, watched, _habits.Memory);
            }
        }
    }

    private Finding Found(Workload source, string group, UploadGroup seen)
    {
        var options = _tuning.Of(source).UploadSpike;
        var where = group switch
        {
            Uploads.AllTogether => "all destinations together",
            Words.Other => "destinations beyond those that are followed one by one",
            _ => seen.Confirmed ? group : Text.Unlinked(group),
        };
        var what = !seen.Hourly.IsFiring && seen.DripSince == default && seen.Requests is { } requests
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{source} sent {requests.Most:0} small requests to {where} within an hour, last at {Text.Time(requests.Last)}: data may leave in their names or headers. Expected: at most {requests.Usual.Limit:0}")
                + (requests.Usual.Hours > 0
                    ? string.Create(CultureInfo.InvariantCulture, $" (usual in this hour is {requests.Usual.Median:0}, the median of {requests.Usual.Hours} weeks or days).")
                    : " (detection.upload_spike.request_floor).")
            : seen.Hourly.IsFiring
            ? $"{source} sent {Text.Bytes(seen.Hourly.Most)} to {where} within an hour, last at {Text.Time(seen.Hourly.Last)}. Expected: at most {Text.Bytes(seen.Hourly.Usual.Limit)}"
                + (seen.Hourly.Usual.Hours > 0
                    ? string.Create(CultureInfo.InvariantCulture, $" (usual in this hour is {Text.Bytes(seen.Hourly.Usual.Median)}, the median of {seen.Hourly.Usual.Hours} weeks or days; {options.Deviations} spreads above that, and no less than {Text.Bytes(options.Floor)}).")
                    : Unknown(source, seen.Hourly.Usual.Limit, options))
            : $"{source} sends {where} more from day to day than is usual: by {Text.Time(seen.DripLast)} {Text.Bytes(seen.DripExcess)} too much had added up. Expected: at most {Text.Bytes(seen.DripAllowance)} a day.";
        const string accept = "accept it: set a higher floor and daily_floor for this workload in detection.overrides.";
        if (seen is { IsRepeated: true, Reported: { } reported })
            what += $" About as much was reported until {Text.Time(Hours.End(reported.Hour))}. If it is wanted, {accept}";
        if (seen.IsNewLevel)
            what += $" For {seen.Level.Count} days it has been about {Text.Bytes(seen.Level.Average())} a day. If that is the new usual amount, {accept}";
        return new(
            Name,
            seen.IsNewLevel || seen.IsRepeated ? Severities.Info : options.Severity,
            source,
            group,
            seen.Since,
            "A workload sends out more than is usual.",
            $"{what} Most went to {(seen.Confirmed ? seen.Top : Text.Unlinked(seen.Top))}. This workload has been watched for {Text.Length(_habits.Observed(source))}. "
            + $"Resolves after {Text.Length(seen.Hourly.IsFiring ? options.Quiet : DripQuiet)} without more; what was too much is not learned.",
            seen.TopSource,
            seen.Confirmed,
            Evidence(source, group, seen));
    }

    /// <summary>Why so much would have been usual where the group itself has no history.</summary>
    private string Unknown(Workload source, double limit, UploadSpikeOptions options) => limit <= options.Floor
        ? " (it is not usual to send anything there)."
        : _habits.Observed(source) < options.Learning
        ? " (this workload is not learned yet: five times detection.upload_spike.floor, or four times its largest hour)."
        : " (half more than any place got on its first day to which this workload began to send in four weeks).";

    private static string Evidence(Workload source, string group, UploadGroup seen)
    {
        // The counters name destinations one by one: a site's are told by their names, those of a network by what is said about them.
        var of = group.Length > 0 && seen.Confirmed ? $",destination=~\"(.+[.])?{group.Replace(".", "[.]", StringComparison.Ordinal).Replace("*", "[*]", StringComparison.Ordinal)}\"" : "";
        return $"topk(10, sum by (destination) (increase(egress_upload_bytes_total{{{Text.Source(source)}{of}}}[1h])))";
    }

    /// <summary>What one workload sends out.</summary>
    private sealed class Uploads
    {
        /// <summary>An alert about a workload as a whole has no destination.</summary>
        public const string AllTogether = "";

        public UploadGroup Total { get; set; } = new();

        public Dictionary<string, UploadGroup> Groups { get; } = [];

        /// <summary>How many groups have made room in this window.</summary>
        public int Replaced { get; set; }

        public IEnumerable<KeyValuePair<string, UploadGroup>> All => Groups.Append(new(AllTogether, Total));

        public string? Lightest() => Groups.Where(entry => !entry.Value.IsFiring && entry.Key != Words.Other)
            .Select(entry => (entry.Value.Weight, entry.Key)).DefaultIfEmpty().Min().Key;
    }
}
