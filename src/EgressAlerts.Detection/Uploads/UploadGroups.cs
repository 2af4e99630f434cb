using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.Detection;

/// <summary>The groups of destinations that all workloads send to, and their rows in the database.</summary>
/// <remarks>A group is what belongs to one owner: a site, else a network, else a /24 or /48. Each workload has at most <see cref="MaxOfWorkload"/>, and
/// there are at most <see cref="MaxInAll"/>. Beyond that the lightest group of the workload makes room and is counted as dropped.</remarks>
internal sealed class UploadGroups
{
    private const int MaxOfWorkload = 256;
    private const int MaxInAll = 20_000;

    /// <summary>So many groups of a workload make room in a window, because each costs a search. Further new ones are summed as <c>__other__</c>.</summary>
    private const int MaxReplaced = 64;

    private readonly DetectionMetrics _metrics;
    private readonly UploadHours _hours;
    private readonly Dictionary<Workload, WorkloadUploads> _workloads = [];
    private readonly Rows<(Workload Source, string Group), UploadGroup> _rows;

    public UploadGroups(DetectionMetrics metrics, StoredState state)
    {
        (_metrics, _hours) = (metrics, new(state));
        (_rows, var loaded, _) = state.Rows(DetectionTables.ByPair("upload", "destination_group", DetectionJson.Default.UploadGroup), TryFind);
        foreach (var ((source, name), group) in loaded)
        {
            if (!_hours.TryResume(group)) Touch(source, name);
            if (!_workloads.TryGetValue(source, out var uploads)) _workloads.Add(source, uploads = new());
            if (name == WorkloadUploads.AllTogether) uploads.Total = group;
            else uploads.Groups.Add(name, group);
        }

        Count = _workloads.Values.Sum(uploads => uploads.Groups.Count);
        // The rows of some totals may have been unreadable.
        foreach (var (source, uploads) in _workloads.Where(entry => entry.Value.Total.Number == 0)) Begin(source, WorkloadUploads.AllTogether, uploads.Total);
    }

    /// <summary>How many groups of all workloads are followed.</summary>
    public int Count { get; private set; }

    public IReadOnlyDictionary<Workload, WorkloadUploads> ByWorkload => _workloads;

    /// <summary>The group that a destination belongs to.</summary>
    public static string NameOf(Destination destination, RawDestination to)
    {
        if (destination is { Confirmed: true, IsShared: false } || to.Address is not { } address)
            return destination.Site.Length > 0 ? destination.Site : destination.Name;
        if (destination.Network.Length > 0) return destination.Network;
        return new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 24 : 48).ToString();
    }

    /// <summary>Adds what a workload sent to the destination's group, and to the total of the workload.</summary>
    /// <param name="isLater">Whether the workload met the destination after it had been learned.</param>
    /// <param name="hour">The hour that goes on, counted from the epoch.</param>
    public void Add(FlowActivity activity, bool isLater, long hour)
    {
        var source = activity.Source;
        if (!_workloads.TryGetValue(source, out var uploads))
        {
            _workloads.Add(source, uploads = new());
            Begin(source, WorkloadUploads.AllTogether, uploads.Total);
        }

        var name = NameOf(activity.Destination, activity.To);
        if (!uploads.Groups.TryGetValue(name, out var group) && (uploads.Groups.Count >= MaxOfWorkload || Count >= MaxInAll))
        {
            // The lightest makes room. Whoever would hide among many must move as much as they do, and the total is watched in any case.
            _metrics.Dropped(UploadSpikeDetector.Name);
            if (uploads.Replaced++ < MaxReplaced && uploads.Lightest() is { } lightest) Remove(source, uploads, lightest);
            else name = LabelValues.Overflow;
        }

        if (group is null && !uploads.Groups.TryGetValue(name, out group))
        {
            uploads.Groups.Add(name, group = new UploadGroup { Begun = isLater ? hour : 0 });
            Begin(source, name, group);
            Count++;
        }

        Add(name, group);
        Add(WorkloadUploads.AllTogether, uploads.Total);

        void Add(string name, UploadGroup group)
        {
            if (group.Add(activity, isLater)) Touch(source, name);
            _hours.Touch(group);
        }
    }

    /// <summary>Any volume may go to a destination. If it got most of a group that fires, the group is forgotten, and its bytes leave the total.</summary>
    public void Lift(FlowActivity activity)
    {
        if (!_workloads.TryGetValue(activity.Source, out var uploads)) return;
        var name = NameOf(activity.Destination, activity.To);
        if (!uploads.Groups.TryGetValue(name, out var group) || !group.IsFiring || group.Top != activity.Destination.Name) return;
        uploads.Total.Take(group);
        TouchAll(activity.Source, WorkloadUploads.AllTogether, uploads.Total);
        Remove(activity.Source, uploads, name);
    }

    /// <summary>A group has changed, but for its sums of this hour.</summary>
    public void Touch(Workload source, string name) => _rows.Touch((source, name));

    /// <summary>A group has changed, and its sums of this hour too.</summary>
    public void TouchAll(Workload source, string name, UploadGroup group)
    {
        Touch(source, name);
        _hours.Touch(group);
    }

    public void Remove(Workload source, WorkloadUploads uploads, string name)
    {
        if (!uploads.Groups.Remove(name, out var group)) return;
        End(source, name, group);
        Count--;
    }

    /// <summary>Forgets a workload that has no group.</summary>
    public void Remove(Workload source, WorkloadUploads uploads)
    {
        End(source, WorkloadUploads.AllTogether, uploads.Total);
        _workloads.Remove(source);
    }

    private bool TryFind((Workload Source, string Group) key, [MaybeNullWhen(false)] out UploadGroup group)
    {
        group = null;
        if (!_workloads.TryGetValue(key.Source, out var uploads)) return false;
        if (key.Group != WorkloadUploads.AllTogether) return uploads.Groups.TryGetValue(key.Group, out group);
        group = uploads.Total;
        return true;
    }

    private void Begin(Workload source, string name, UploadGroup group)
    {
        _hours.Begin(group);
        Touch(source, name);
    }

    private void End(Workload source, string name, UploadGroup group)
    {
        _hours.End(group);
        Touch(source, name);
    }
}

/// <summary>What one workload sends out.</summary>
internal sealed class WorkloadUploads
{
    /// <summary>The name of the total. An alert about it has no destination.</summary>
    public const string AllTogether = "";

    public UploadGroup Total { get; set; } = new();

    public Dictionary<string, UploadGroup> Groups { get; } = [];

    /// <summary>How many groups have made room in this window.</summary>
    public int Replaced { get; set; }

    public IEnumerable<KeyValuePair<string, UploadGroup>> All => Groups.Append(new(AllTogether, Total));

    /// <summary>The group that makes room first: no finding, nor the sum of those that found no room. Null where there is none.</summary>
    public string? Lightest() => Groups.Where(entry => !entry.Value.IsFiring && entry.Key != LabelValues.Overflow)
        .Select(entry => (entry.Value.Weight, entry.Key)).DefaultIfEmpty().Min().Key;
}
