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
    private readonly Dictionary<string, (Destination Best, int Series)> _destinations = [];
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
        [.. _destinations.Values.Select(destination => destination.Best)],
        _counted.Snapshot(),
        waiting,
        _retired.Snapshot(),
        _overflow.Count,
        options.MaxSeries);

    public void Save(BinaryWriter to)
    {
        _counted.Save(to);
        _retired.Save(to);
        to.WriteAll(_destinations.Values, destination => to.Write(destination.Best));
        to.WriteAll(_live, entry =>
        {
            Write(to, entry.Key, entry.Value.Value);
            to.Write(entry.Value.LastIncrement);
        });
        to.WriteAll(_overflow, entry => Write(to, entry.Key, entry.Value));
    }

    public void Load(BinaryReader from)
    {
        _counted.Load(from);
        _retired.Load(from);
        var destinations = from.ReadAll(from.ReadDestination).ToDictionary(destination => destination.Name);
        foreach (var (series, last) in from.ReadAll(() => (ReadSeries(from), from.ReadInstant())).OrderByDescending(entry => entry.Item2).ToList())
        {
            // A budget that was lowered keeps what moved last; the sums of the rest are kept as retired.
            if (TryAdmit(series.Key, destinations[series.Key.Labels.Destination])) _live[series.Key] = new(series.Value, last);
            else _retired.Add(series.Key.Metric, series.Value);
        }

        foreach (var series in from.ReadAll(() => ReadSeries(from))) _overflow[series.Key] = series.Value;
    }

    private void Add(NamedIncrement settled, DateTimeOffset at)
    {
        var key = KeyOf(settled);
        ref var slot = ref CollectionsMarshal.GetValueRefOrNullRef(_live, key);
        if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref slot))
        {
            slot = new(slot.Value + settled.Increment.Amount, at);
            Prefer(settled.Destination);
        }
        else if (TryAdmit(key, settled.Destination))
        {
            _live.Add(key, new(settled.Increment.Amount, at));
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
    private bool TryAdmit(SeriesKey key, Destination destination)
    {
        var isNewDestination = !_destinations.TryGetValue(destination.Name, out var shown);
        // The destination's own info series needs a place too.
        if (_live.Count + _destinations.Count + (isNewDestination ? 2 : 1) > options.MaxSeries) return false;
        var source = new Workload(key.Labels.SourceNamespace, key.Labels.SourceWorkload);
        if (!_workloads.TryGetValue(source, out var talksTo))
        {
            if (_workloads.Count >= options.MaxWorkloads) return false;
            _workloads.Add(source, talksTo = []);
        }

        if (!talksTo.TryGetValue(destination.Name, out var series) && talksTo.Count >= options.MaxDestinationsPerWorkload) return false;
        talksTo[destination.Name] = series + 1;
        _destinations[destination.Name] = (isNewDestination || destination.Source < shown.Best.Source ? destination : shown.Best, shown.Series + 1);
        return true;
    }

    /// <summary>One destination has one info series: the one with the most telling source.</summary>
    private void Prefer(Destination destination)
    {
        ref var shown = ref CollectionsMarshal.GetValueRefOrNullRef(_destinations, destination.Name);
        if (destination.Source < shown.Best.Source) shown = (destination, shown.Series);
    }

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
            var shown = _destinations[destination];
            if (shown.Series == 1) _destinations.Remove(destination);
            else _destinations[destination] = (shown.Best, shown.Series - 1);
        }
    }

    private static void Release(Dictionary<string, int> talksTo, string destination)
    {
        if (talksTo[destination] == 1) talksTo.Remove(destination);
        else talksTo[destination]--;
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

    private readonly record struct Slot(double Value, DateTimeOffset LastIncrement);
}
