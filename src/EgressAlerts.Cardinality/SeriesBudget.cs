using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Cardinality;

/// <summary>Adds increments to exported counters, of which there are never more than the budget; what finds no place goes into
/// <c>__other__</c>, so that sums stay whole. Called by the pass alone. Hot code.</summary>
/// <remarks>An admitted series stays until it is idle for long; nothing that was counted ever moves between series. The last quarter of the places, of a workload and in all,
/// is kept for what matters: a flood of junk that came first cannot keep out what carries more.</remarks>
public sealed class SeriesBudget
{
    private readonly CardinalityOptions _options;
    private readonly Places _places;
    private readonly Admission _admission;
    private readonly Dictionary<SeriesKey, Slot> _live = [];
    private readonly Dictionary<SeriesKey, Slot> _overflow = [];
    private readonly Rows<Pair, PlaceState> _rows;
    private readonly Cell<BudgetSums> _kept;
    private readonly Totals _counted;
    private readonly Totals _retired;
    private DateTimeOffset _now;
    private (long Retired, long Placed, long Folded) _sums;

    public SeriesBudget(CardinalityOptions options, StoredState state)
    {
        (_options, _places) = (options, new(options));
        _kept = state.Cell("budget", CardinalityJson.Default.BudgetSums, new BudgetSums([], []));
        var kept = _kept.Value;
        (_now, _counted, _retired, _sums) = (kept.Now, new(kept.Counted), new(kept.Retired), (kept.RetiredSeries, kept.Placed, kept.Folded));
        _admission = new(options, _places, state, _now, kept.Promoted);
        (_rows, var loaded, _) = state.Rows<Pair, PlaceState>(PlaceState.Shape, Find);
        Restore(loaded);
    }

    /// <param name="findings">What detection holds: a destination with a live finding gets a place before routine ones.</param>
    /// <param name="showNew">Whether new series of the last window may show their value: their 0 was scraped, or nobody scrapes.</param>
    public CounterSnapshot Admit(NamedReading named, IReadOnlyList<Finding> findings, bool showNew)
    {
        _admission.Advance(_now, named.Window.End);
        _now = named.Window.End;
        Retire(Seconds(_now - _options.IdleTtl));
        if (showNew) Show();
        Dictionary<(Workload Source, string Destination), Newcomer>? newcomers = null;
        foreach (ref readonly var settled in SpanOf(named.Increments))
        {
            if (settled.IsSeen) _counted.Add(settled.Increment.Metric, settled.Increment.Amount);
            if (!settled.IsFinal) continue;
            if (_live.TryGetValue(KeyOf(in settled), out var slot)) Add(slot, in settled);
            else NewcomerOf(newcomers ??= [], settled).Increments.Add(settled);
        }

        if (newcomers is not null)
        {
            foreach (var newcomer in _admission.InOrder(newcomers.Values, findings)) Place(newcomer);
        }

        _kept.Value = new(_counted.ToDictionary(), _retired.ToDictionary(), _now, _sums.Retired, _sums.Placed, _sums.Folded, _admission.Promoted);
        return Snapshot(named.Window);
    }

    /// <summary>The counters as they stand, as of a window that has been accounted for.</summary>
    public CounterSnapshot Snapshot(Window window)
    {
        var (series, shownAsZero) = (new List<ExportedSeries>(_live.Count + _overflow.Count), new List<ExportedSeries>());
        var destinations = new Dictionary<string, Destination?>(_places.Destinations);
        foreach (var slot in _live.Values)
        {
            // One info series each, so that queries can join it.
            ref var destination = ref CollectionsMarshal.GetValueRefOrAddDefault(destinations, slot.Destination.Name, out _);
            destination = destination is null ? slot.Destination : LeastTrustworthy(destination, slot.Destination);
            Export(slot);
        }

        foreach (var slot in _overflow.Values) Export(slot);
        return new(
            window, series, [.. destinations.Values!], _counted.Snapshot(), shownAsZero, _retired.Snapshot(),
            new(_places.Used, _overflow.Count, _sums.Retired, _options.MaxSeries, _admission.Wanted, _admission.Promoted, _places.RolledUp, _sums.Placed, _sums.Folded));

        void Export(Slot slot)
        {
            series.Add(new(slot, slot.IsNew ? 0 : slot.Value));
            if (slot.IsNew) shownAsZero.Add(new(slot, slot.Value));
        }
    }

    private bool Find(Pair pair, [MaybeNullWhen(false)] out PlaceState state)
    {
        state = _places.Find(pair)?.State;
        return state is not null;
    }

    private void Touch(Slot slot) => _rows.Touch(new(slot.Workload.Source, slot.Place.Name));

    /// <summary>A budget that was lowered keeps what moved last; the sums of the rest are kept as retired.</summary>
    private void Restore(IReadOnlyDictionary<Pair, PlaceState> loaded)
    {
        foreach (var (pair, all, series) in loaded.SelectMany(Described).OrderByDescending(each => each.Series.Last).ToList())
        {
            var (key, workload) = (series.Key(pair), _places.Of(pair.Source));
            var isOverflow = pair.Destination == Words.Other;
            var place = isOverflow ? workload?.Overflow : workload is null ? null : _places.Of(workload, series.Destination!);
            if (place is not null && isOverflow)
            {
                Open(_overflow, new(series, in key, workload!, place));
            }
            else if (place is not null && _places.HasRoomIn(place))
            {
                Open(_live, new(series, in key, workload!, place));
                place.Weight = new(all.Weight, all.WeightHour);
                if (all.IsRollUp) place.BeginRollUp();
            }
            else
            {
                _retired.Add(key.Metric, series.Value);
                _rows.Touch(pair);
            }

            if (workload is not null) _places.GiveBackUnused(workload, place);
        }
    }

    /// <summary>The series of a place, each with its destination.</summary>
    private static IEnumerable<(Pair Pair, PlaceState Place, SeriesState Series)> Described(KeyValuePair<Pair, PlaceState> row)
    {
        Destination? last = null;
        foreach (var series in row.Value.Series)
        {
            last = series.Destination ?? last;
            if (last is not null) yield return (row.Key, row.Value, series with { Destination = last });
        }
    }

    private void Show()
    {
        foreach (var slot in _live.Values.Concat(_overflow.Values).Where(slot => slot.IsNew))
        {
            slot.IsNew = false;
            Touch(slot);
        }
    }

    private void Retire(uint idleSince)
    {
        foreach (var all in (Dictionary<SeriesKey, Slot>[])[_live, _overflow])
        {
            foreach (var slot in all.Values.Where(slot => slot.LastIncrement < idleSince).ToList())
            {
                all.Remove(slot.Key);
                Touch(slot);
                _places.GiveBack(slot);
                _retired.Add(slot.Key.Metric, slot.Value);
                _sums.Retired++;
            }
        }
    }

    private void Place(Newcomer newcomer)
    {
        var workload = _places.Of(newcomer.Source);
        var place = _admission.PlaceFor(newcomer, workload);
        if (place is { Slots.Count: > 0 }) _rows.Touch(new(newcomer.Source, place.Name)); // It may have become a roll-up.
        newcomer.Increments.Sort(Admission.InOrder);
        foreach (var increment in newcomer.Increments)
        {
            if (place is null || !TryAdd(workload!, place, in increment)) Fold(workload ?? _places.Others, in increment);
        }

        if (workload is not null) _places.GiveBackUnused(workload, place);
    }

    private bool TryAdd(WorkloadPlaces workload, DestinationPlace place, in NamedIncrement settled)
    {
        var key = place.Bounded(KeyOf(in settled));
        if (!_live.TryGetValue(key, out var slot))
        {
            if (!_places.HasRoomIn(place)) return false;
            var destination = settled.Destination.Name == place.Name ? settled.Destination : settled.Destination with { Name = place.Name };
            slot = Open(_live, new(in key, workload, place, destination));
        }

        Add(slot, in settled);
        return true;
    }

    private void Add(Slot slot, in NamedIncrement settled)
    {
        Grow(slot, settled.Increment.Amount);
        slot.Describe(settled.Destination);
        slot.Place.Weight = slot.Place.Weight.Plus(Admission.WeightOf(settled.Increment), Fading.HourOf(_now));
        slot.Workload.Changed();
        _sums.Placed++;
    }

    private void Grow(Slot slot, double amount)
    {
        if (slot.LastIncrement != Seconds(_now)) Touch(slot); // Once a window.
        (slot.Value, slot.LastIncrement) = (slot.Value + amount, Seconds(_now));
    }

    private void Fold(WorkloadPlaces workload, in NamedIncrement settled)
    {
        var key = KeyOf(in settled);
        key = key with { Source = workload.Source, Destination = Words.Other, Port = "", ResponseCode = Other(key.ResponseCode), ResponseFlags = Other(key.ResponseFlags) };
        if (!_overflow.TryGetValue(key, out var slot))
            slot = Open(_overflow, new(in key, workload, workload.Overflow, new Destination(Words.Other, NameSource.Unknown, Confirmed: false)));
        Grow(slot, settled.Increment.Amount);
        _sums.Folded++;

        static string Other(string label) => label.Length == 0 ? "" : Words.Other;
    }

    private Slot Open(Dictionary<SeriesKey, Slot> among, Slot slot)
    {
        among.Add(slot.Key, slot);
        _places.Take(slot);
        return slot;
    }

    /// <summary>The increments in place: copies of 40 bytes each would cost a tenth of all.</summary>
    private static ReadOnlySpan<NamedIncrement> SpanOf(IReadOnlyList<NamedIncrement> increments) =>
        increments is List<NamedIncrement> list ? CollectionsMarshal.AsSpan(list) : increments as NamedIncrement[] ?? [.. increments];

    private static Newcomer NewcomerOf(Dictionary<(Workload, string), Newcomer> newcomers, in NamedIncrement settled)
    {
        var key = (settled.Flow.Source, settled.Destination.Name);
        if (!newcomers.TryGetValue(key, out var newcomer)) newcomers.Add(key, newcomer = new Newcomer(settled.Flow.Source, settled.Destination));
        return newcomer;
    }

    /// <summary>A name is only as good as its least trustworthy use: that one client claims it in a Host header must not look confirmed because the mesh has
    /// registered it for others. What the uses disagree about is not said.</summary>
    private static Destination LeastTrustworthy(Destination one, Destination other)
    {
        if (ReferenceEquals(one, other) || one == other) return one;
        var least = other.Source > one.Source || (other.Source == one.Source && !other.Confirmed) ? other : one;
        return least with
        {
            Owner = one.Owner == other.Owner ? one.Owner : "",
            Network = one.Network == other.Network ? one.Network : "",
            Region = one.Region == other.Region ? one.Region : "",
        };
    }

    private static uint Seconds(DateTimeOffset at) => (uint)at.ToUnixTimeSeconds();

    internal static SeriesKey KeyOf(in NamedIncrement settled)
    {
        var (id, flow) = (settled.Increment.Id, settled.Flow);
        return new(id.Metric, flow.Source, settled.Destination.Name, flow.To.Port, flow.Route, flow.Protocol, id.ResponseCode, id.ResponseFlags);
    }
}
