using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary><c>EgressUploadSpike</c>: a workload sends a group of destinations, or all of them together, more than is usual in this hour of the week, or more from day to day.</summary>
/// <remarks>A group is what belongs to one owner: a site, else a network, else a /24 or /48. Each workload has at most <see cref="MaxGroups"/>, and
/// there are <see cref="MaxInAll"/> in all; beyond that the lightest makes room. Groups that send next to nothing are forgotten every hour.</remarks>
internal sealed class UploadSpikeDetector(Tuning tuning, DetectionMetrics metrics) : IDetector
{
    public const string Name = "EgressUploadSpike";
    private const int MaxGroups = 256;
    private const int MaxInAll = 20_000;

    /// <summary>Further ones of a window are one group: a flood must not cost a search for each of its destinations.</summary>
    private const int MaxReplaced = 64;

    private static readonly TimeSpan DripQuiet = TimeSpan.FromDays(1);

    private readonly Dictionary<Workload, Uploads> _workloads = [];
    private int _count;
    private long _hour = Hours.None;

    public string AlertName => Name;

    /// <summary>How many groups of all workloads are followed.</summary>
    internal int Groups => _count;

    public IEnumerable<Finding> Active =>
        from entry in _workloads
        from one in entry.Value.Groups.Append(new(Uploads.AllTogether, entry.Value.Total))
        where one.Value.IsFiring
        select Found(entry.Key, one.Key, one.Value);

    public void Observe(Sighting sighting)
    {
        var now = sighting.Window.End;
        var hour = Hours.Of(now);
        if (_hour != Hours.None && hour != _hour) Turn(hour);
        _hour = hour;
        foreach (var by in sighting.Seen.Where(by => by.Options.UploadSpike.Enabled))
        {
            // What was refused went nowhere.
            foreach (var traffic in by.To.Where(traffic => traffic is { Upload: > 0, IsBlocked: false })) Add(by, traffic);
            if (_workloads.TryGetValue(by.Source, out var uploads)) Judge(by, uploads, now);
        }

        foreach (var (source, uploads) in _workloads)
        {
            uploads.Replaced = 0;
            var quiet = tuning.Of(source).UploadSpike.Quiet;
            foreach (var group in uploads.All) group.End(now, quiet, DripQuiet);
        }
    }

    public void Save(BinaryWriter to)
    {
        to.Write(_hour);
        to.WriteAll(_workloads, entry =>
        {
            to.Write(entry.Key);
            to.Write(entry.Value.Watched.Ticks);
            entry.Value.Total.Save(to);
            to.WriteAll(entry.Value.Groups, group =>
            {
                to.Write(group.Key);
                group.Value.Save(to);
            });
        });
    }

    public void Load(BinaryReader from)
    {
        _hour = from.ReadInt64();
        foreach (var (source, watched, total, groups) in from.ReadAll(() => (
            from.ReadWorkload(), from.ReadInt64(), UploadGroup.Load(from), from.ReadAll(() => (from.ReadString(), UploadGroup.Load(from))).ToList())))
        {
            var uploads = new Uploads(total) { Watched = new(watched) };
            foreach (var (name, group) in groups) uploads.Groups.Add(name, group);
            _workloads.Add(source, uploads);
            _count += groups.Count;
        }
    }

    /// <summary>What a destination belongs to.</summary>
    internal static string GroupOf(Destination destination, RawDestination to)
    {
        if (destination.Confirmed) return destination.Site.Length > 0 ? destination.Site : destination.Name;
        if (to.Address is not { } address) return destination.Site.Length > 0 ? destination.Site : destination.Name;
        if (destination.Network.Length > 0) return destination.Network;
        return new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 24 : 48).ToString();
    }

    private void Add(WorkloadTraffic by, Traffic traffic)
    {
        if (!_workloads.TryGetValue(by.Source, out var uploads)) _workloads.Add(by.Source, uploads = new Uploads(new UploadGroup()));
        var name = GroupOf(traffic.Destination, traffic.Flow.To);
        if (!uploads.Groups.TryGetValue(name, out var group) && (uploads.Groups.Count >= MaxGroups || _count >= MaxInAll))
        {
            // The lightest makes room: whoever would hide among many must move as much as they do. Their sum is watched in any case.
            metrics.Dropped(Name);
            if (uploads.Replaced++ < MaxReplaced && uploads.Lightest() is { } lightest) Remove(uploads, lightest);
            else name = Words.Other;
        }

        if (group is null && !uploads.Groups.TryGetValue(name, out group))
        {
            uploads.Groups.Add(name, group = new UploadGroup());
            _count++;
        }

        group.Add(traffic);
        uploads.Total.Add(traffic);
        uploads.Watched = by.Habit.Observed;
    }

    private void Judge(WorkloadTraffic by, Uploads uploads, DateTimeOffset now)
    {
        var options = by.Options.UploadSpike;
        if (by.Habit.Observed < options.Learning) return;
        var (hourly, daily) = (0.0, 0.0);
        foreach (var group in uploads.Groups.Values)
        {
            group.Judge(options, _hour, group.Hour, group.Day, now);
            if (group.IsFiring) (hourly, daily) = (hourly + group.Hour, daily + group.Day);
        }

        // What is spread over many groups shows in their sum alone; what one of them explains is no second finding.
        uploads.Total.Judge(options, _hour, uploads.Total.Hour - hourly, uploads.Total.Day - daily, now);
    }

    private void Remove(Uploads uploads, string group)
    {
        uploads.Groups.Remove(group);
        _count--;
    }

    private void Turn(long next)
    {
        var isNewDay = next / 24 != _hour / 24;
        foreach (var (source, uploads) in _workloads.ToList())
        {
            var options = tuning.Of(source).UploadSpike;
            foreach (var group in uploads.All) group.Turn(_hour, isNewDay, options, uploads.Watched);
            foreach (var idle in uploads.Groups.Where(group => group.Value.IsForgettable).Select(group => group.Key).ToList()) Remove(uploads, idle);

            if (!options.Enabled || (uploads.Groups.Count == 0 && uploads.Total.IsForgettable))
            {
                _count -= uploads.Groups.Count;
                _workloads.Remove(source);
            }
        }
    }

    private Finding Found(Workload source, string group, UploadGroup seen)
    {
        var options = tuning.Of(source).UploadSpike;
        var where = group switch
        {
            Uploads.AllTogether => "all destinations together",
            Words.Other => "destinations beyond those that are followed one by one",
            _ => seen.Confirmed ? group : Text.Unlinked(group),
        };
        var what = seen.Hourly.IsFiring
            ? $"{source} sent {Text.Bytes(seen.Hourly.Most)} to {where} within an hour, last at {Text.Time(seen.Hourly.Last)}. Expected: at most {Text.Bytes(seen.Hourly.Usual.Limit)}"
                + (seen.Hourly.Usual.Hours > 0
                    ? string.Create(CultureInfo.InvariantCulture, $" (usual in this hour is {Text.Bytes(seen.Hourly.Usual.Median)}, the median of {seen.Hourly.Usual.Hours} weeks or days; {options.Deviations} spreads above that, and no less than {Text.Bytes(options.Floor)}).")
                    : " (it is not usual to send anything there).")
            : $"{source} sends {where} more from day to day than is usual: by {Text.Time(seen.DripLast)} {Text.Bytes(seen.DripExcess)} too much had added up. Expected: at most {Text.Bytes(seen.DripAllowance)} a day.";
        return new(
            Name,
            options.Severity,
            source,
            group,
            seen.Since,
            "A workload sends out more than is usual.",
            $"{what} Most went to {(seen.Confirmed ? seen.Top : Text.Unlinked(seen.Top))}. This workload has been watched for {Text.Length(_workloads[source].Watched)}. "
            + $"Resolves after {Text.Length(seen.Hourly.IsFiring ? options.Quiet : DripQuiet)} without more; what was too much is not learned.",
            seen.TopSource,
            seen.Confirmed,
            Evidence(source, group, seen));
    }

    private static string Evidence(Workload source, string group, UploadGroup seen)
    {
        // The counters name destinations one by one: a site's are told by their names, those of a network by what is said about them.
        var of = group.Length > 0 && seen.Confirmed ? $",destination=~\"(.+[.])?{group.Replace(".", "[.]", StringComparison.Ordinal).Replace("*", "[*]", StringComparison.Ordinal)}\"" : "";
        return $"topk(10, sum by (destination) (increase(egress_upload_bytes_total{{{Text.Source(source)}{of}}}[1h])))";
    }

    /// <summary>What one workload sends out.</summary>
    private sealed class Uploads(UploadGroup total)
    {
        /// <summary>An alert about a workload as a whole has no destination.</summary>
        public const string AllTogether = "";

        public UploadGroup Total => total;

        public Dictionary<string, UploadGroup> Groups { get; } = [];

        public TimeSpan Watched { get; set; }

        /// <summary>How many groups have made room in this window.</summary>
        public int Replaced { get; set; }

        public string? Lightest() => Groups.Where(entry => !entry.Value.IsFiring && entry.Key != Words.Other)
            .Select(entry => (entry.Value.Weight, entry.Key)).DefaultIfEmpty().Min().Key;

        public IEnumerable<UploadGroup> All => Groups.Values.Append(total);
    }
}
