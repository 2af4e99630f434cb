using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>Adds increments to exported counters, of which there are never more than the budget; what finds no place goes into
/// <c>__other__</c>, so that sums stay whole. Called by the pass alone.</summary>
/// <remarks>An admitted series stays until it is idle for long; nothing that was counted ever moves between series.</remarks>
public sealed class SeriesBudget(CardinalityOptions options)
{
    private readonly Dictionary<SeriesKey, Slot> _live = [];
    private readonly Dictionary<SeriesKey, double> _overflow = [];
    private readonly Dictionary<Workload, Dictionary<string, int>> _workloads = [];
    private readonly Dictionary<string, int> _destinations = [];
    private readonly Totals _counted = new();
    private readonly Totals _retired = new();

    public Admitted Admit(NamedReading named)
    {
        Retire(named.Window.End - options.IdleTtl);
        foreach (var seen in named.Seen) _counted.Add(seen.Increment.Metric, seen.Increment.Amount);
        foreach (var settled in named.Settled) Add(settled, named.Window.End);
        return Snapshot(named.Window, named.Reading.Accounts, named.Waiting);
    }

    /// <summary>The counters as they stand, as of a window that has been accounted for.</summary>
    public Admitted Snapshot(Window window, Accounts accounts, IReadOnlyList<Increment> waiting) => new(
        window,
        accounts,
        [.. _live.Select(entry => new ExportedSeries(entry.Key, entry.Value.Value)), .. _overflow.Select(entry => new ExportedSeries(entry.Key, entry.Value))],
        [.. Destinations()],
        _counted.Snapshot(),
        waiting,
        _retired.Snapshot(),
        _overflow.Count,
        options.MaxSeries);

    public void Save(BinaryWriter to)
    {
        _counted.Save(to);
        _retired.Save(to);
        to.WriteAll(_live, entry =>
        {
            Write(to, entry.Key, entry.Value.Value);
            to.Write(entry.Value.LastIncrement);
            to.Write(entry.Value.Destination);
        });
        to.WriteAll(_overflow, entry => Write(to, entry.Key, entry.Value));
    }

    public void Load(BinaryReader from)
    {
        _counted.Load(from);
        _retired.Load(from);
        foreach (var (series, last, destination) in from.ReadAll(() => (ReadSeries(from), Last: from.ReadInstant(), from.ReadDestination())).OrderByDescending(entry => entry.Last).ToList())
        {
            // A budget that was lowered keeps what moved last; the sums of the rest are kept as retired.
            if (TryAdmit(series.Key)) _live[series.Key] = new(series.Value, last, destination);
            else _retired.Add(series.Key.Metric, series.Value);
        }

        foreach (var series in from.ReadAll(() => ReadSeries(from))) _overflow[series.Key] = series.Value;
    }

    private void Add(NamedIncrement settled, DateTimeOffset at)
    {
        var key = KeyOf(settled);
        ref var slot = ref CollectionsMarshal.GetValueRefOrNullRef(_live, key);
        if (!Unsafe.IsNullRef(ref slot))
        {
            slot = new(slot.Value + settled.Increment.Amount, at, settled.Destination);
        }
        else if (TryAdmit(key))
        {
            _live.Add(key, new(settled.Increment.Amount, at, settled.Destination));
        }
        else
        {
            var overflow = OverflowOf(key, settled.Flow.Source);
            _overflow[overflow] = _overflow.GetValueOrDefault(overflow) + settled.Increment.Amount;
        }
    }

    private static SeriesKey KeyOf(NamedIncrement settled)
    {
        var (flow, increment) = (settled.Flow, settled.Increment);
        var labels = new FlowLabels(flow.Source.Namespace, flow.Source.Name, settled.Destination.Name, flow.To.Port, flow.Route, flow.Protocol);
        return new(increment.Metric, labels, increment.ResponseCode, increment.ResponseFlags);
    }

    /// <summary>Takes a place for a new series and all that comes with it, if there is one.</summary>
    private bool TryAdmit(SeriesKey key)
    {
        var destination = key.Labels.Destination;
        var isNewDestination = !_destinations.TryGetValue(destination, out var uses);
        // The destination's own info series needs a place too.
        if (_live.Count + _destinations.Count + (isNewDestination ? 2 : 1) > options.MaxSeries) return false;
        var source = new Workload(key.Labels.SourceNamespace, key.Labels.SourceWorkload);
        if (!_workloads.TryGetValue(source, out var talksTo))
        {
            if (_workloads.Count >= options.MaxWorkloads) return false;
            _workloads.Add(source, talksTo = []);
        }

        if (!talksTo.TryGetValue(destination, out var series) && talksTo.Count >= options.MaxDestinationsPerWorkload) return false;
        talksTo[destination] = series + 1;
        _destinations[destination] = uses + 1;
        return true;
    }

    /// <summary>One destination has one info series, so that queries can join it. A name is only as good as its least trustworthy use: that one client
    /// claims a name in a Host header must not look confirmed because the mesh has registered it for others.</summary>
    private IEnumerable<Destination> Destinations() =>
        _live.Values.GroupBy(slot => slot.Destination.Name).Select(uses => uses.Select(slot => slot.Destination).MaxBy(destination => destination.Source)!);

    private SeriesKey OverflowOf(SeriesKey key, Workload source)
    {
        var hasOwn = _workloads.ContainsKey(source) || _workloads.Count < options.MaxWorkloads;
        if (hasOwn) _workloads.TryAdd(source, []);
        var labels = key.Labels with { Destination = Words.Other, Port = "" };
        if (!hasOwn) labels = labels with { SourceNamespace = Words.Other, SourceWorkload = Words.Other };
        return new(key.Metric, labels, Fold(key.ResponseCode), Fold(key.ResponseFlags));
    }

    private static string Fold(string label) => label.Length == 0 ? "" : Words.Other;

    private void Retire(DateTimeOffset idleSince)
    {
        foreach (var (key, slot) in _live.Where(entry => entry.Value.LastIncrement < idleSince).ToList())
        {
            _live.Remove(key);
            _retired.Add(key.Metric, slot.Value);
            var destination = key.Labels.Destination;
            Release(_workloads[new Workload(key.Labels.SourceNamespace, key.Labels.SourceWorkload)], destination);
            Release(_destinations, destination);
        }
    }

    private static void Release(Dictionary<string, int> uses, string destination)
    {
        if (uses[destination] == 1) uses.Remove(destination);
        else uses[destination]--;
    }

    private static void Write(BinaryWriter to, SeriesKey key, double value)
    {
        to.Write((byte)key.Metric);
        to.Write(key.Labels.SourceNamespace);
        to.Write(key.Labels.SourceWorkload);
        to.Write(key.Labels.Destination);
        to.Write(key.Labels.Port);
        to.Write((byte)key.Labels.Route);
        to.Write((byte)key.Labels.Protocol);
        to.Write(key.ResponseCode);
        to.Write(key.ResponseFlags);
        to.Write(value);
    }

    private static ExportedSeries ReadSeries(BinaryReader from)
    {
        var metric = (Metric)from.ReadByte();
        var labels = new FlowLabels(
            from.ReadString(), from.ReadString(), from.ReadString(), from.ReadString(), (Route)from.ReadByte(), (Protocol)from.ReadByte());
        return new(new(metric, labels, from.ReadString(), from.ReadString()), from.ReadDouble());
    }

    private readonly record struct Slot(double Value, DateTimeOffset LastIncrement, Destination Destination);
}
