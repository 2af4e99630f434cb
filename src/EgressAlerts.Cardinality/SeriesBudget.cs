using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Cardinality;

/// <summary>Adds increments to exported counters. There are never more counters than the budget allows. What finds no place goes into an overflow, so that sums
/// stay whole. Called by the pass alone. Hot code.</summary>
/// <remarks>A counter stays until it has been idle for <c>cardinality.idle_ttl</c>. What was counted never moves to another counter. The last quarter of the
/// places is for what matters, so a flood of junk that came first cannot keep out what carries more.</remarks>
public sealed class SeriesBudget
{
    private readonly CardinalityOptions _options;
    private readonly Places _places;
    private readonly Admission _admission;
    private readonly Dictionary<SeriesKey, ExportedCounter> _live = [];
    private readonly Dictionary<SeriesKey, ExportedCounter> _overflow = [];
    private readonly Rows<Pair, PlaceState> _rows;
    private readonly Cell<BudgetSums> _kept;
    private readonly Totals _counted;
    private readonly Totals _retired;
    private DateTimeOffset _now;
    private (long Retired, long Placed, long Overflowed) _sums;

    public SeriesBudget(CardinalityOptions options, StoredState state)
    {
        (_options, _places) = (options, new(options));
        _kept = state.Cell("budget", CardinalityJson.Default.BudgetSums, new BudgetSums([], []));
        var kept = _kept.Value;
        (_now, _counted, _retired, _sums) = (kept.Now, new(kept.Counted), new(kept.Retired), (kept.RetiredSeries, kept.Placed, kept.Overflowed));
        _admission = new(options, _places, state, _now, kept.Promoted);
        (_rows, var loaded, _) = state.Rows<Pair, PlaceState>(PlaceState.Shape, Find);
        Restore(loaded);
    }

    /// <summary>Counts a window.</summary>
    /// <param name="findings">The live findings. A destination that has one gets a place before others.</param>
    /// <param name="showNew">Whether new counters of the last window may show their value, because their 0 was scraped or nobody scrapes.</param>
    public CounterSnapshot Admit(NamedReading named, IReadOnlyList<Finding> findings, bool showNew)
    {
        _admission.Advance(_now, named.Window.End);
        _now = named.Window.End;
        Retire(Seconds(_now - _options.IdleTtl));
        if (showNew) Show();
        Dictionary<Pair, Newcomer>? newcomers = null;
        foreach (ref readonly var settled in SpanOf(named.Increments))
        {
            if (settled.IsSeen) _counted.Add(settled.Increment.Metric, settled.Increment.Amount);
            if (!settled.IsFinal) continue;
            if (_live.TryGetValue(KeyOf(in settled), out var counter)) Add(counter, in settled);
            else NewcomerOf(newcomers ??= [], settled).Increments.Add(settled);
        }

        if (newcomers is not null)
        {
            foreach (var newcomer in _admission.InOrder(newcomers.Values, findings)) Place(newcomer);
        }

        _kept.Value = new(_counted.ToDictionary(), _retired.ToDictionary(), _now, _sums.Retired, _sums.Placed, _sums.Overflowed, _admission.Promoted);
        return Snapshot(named.Window);
    }

    /// <summary>The counters as they are after a window.</summary>
    public CounterSnapshot Snapshot(Window window)
    {
        var (series, shownAsZero) = (new List<ExportedSeries>(_live.Count + _overflow.Count), new List<ExportedSeries>());
        var destinations = new Dictionary<string, Destination?>(_places.Destinations);
        foreach (var counter in _live.Values)
        {
            // A destination has one info series, so that queries can join it.
            ref var destination = ref CollectionsMarshal.GetValueRefOrAddDefault(destinations, counter.Destination.Name, out _);
            destination = destination is null ? counter.Destination : LeastTrustworthy(destination, counter.Destination);
            Export(counter);
        }

        foreach (var counter in _overflow.Values) Export(counter);
        return new(
            window, series, [.. destinations.Values!], _counted.Snapshot(), shownAsZero, _retired.Snapshot(),
            new(
                _places.Used, _overflow.Count, _sums.Retired, _options.MaxSeries, _admission.Wanted, _admission.Promoted, _places.RolledUp,
                _sums.Placed, _sums.Overflowed));

        void Export(ExportedCounter counter)
        {
            series.Add(new(counter, counter.IsNew ? 0 : counter.Value));
            if (counter.IsNew) shownAsZero.Add(new(counter, counter.Value));
        }
    }

    private bool Find(Pair pair, [MaybeNullWhen(false)] out PlaceState state)
    {
        state = _places.Find(pair)?.State;
        return state is not null;
    }

    private void Touch(ExportedCounter counter) => _rows.Touch(new(counter.Workload.Source, counter.Place.Name));

    /// <summary>Takes over the counters from before a restart. Where the budget was lowered, those that grew last stay and the others are retired.</summary>
    private void Restore(IReadOnlyDictionary<Pair, PlaceState> loaded)
    {
        foreach (var (pair, all, series) in loaded.SelectMany(Described).OrderByDescending(each => each.Series.Last).ToList())
        {
            var (key, workload) = (series.Key(pair), _places.TryAllot(pair.Source));
            var isOverflow = pair.Destination == LabelValues.Overflow;
            var place = isOverflow ? workload?.Overflow : workload is null ? null : _places.TryAllot(workload, series.Destination!);
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
        foreach (var counter in _live.Values.Concat(_overflow.Values).Where(counter => counter.IsNew))
        {
            counter.IsNew = false;
            Touch(counter);
        }
    }

    private void Retire(uint idleSince)
    {
        foreach (var all in (Dictionary<SeriesKey, ExportedCounter>[])[_live, _overflow])
        {
            foreach (var counter in all.Values.Where(counter => counter.LastIncrement < idleSince).ToList())
            {
                all.Remove(counter.Key);
                Touch(counter);
                _places.GiveBack(counter);
                _retired.Add(counter.Key.Metric, counter.Value);
                _sums.Retired++;
            }
        }
    }

    private void Place(Newcomer newcomer)
    {
        var workload = _places.TryAllot(newcomer.Source);
        var place = _admission.PlaceFor(newcomer, workload);
        if (place is { Counters.Count: > 0 }) _rows.Touch(new(newcomer.Source, place.Name)); // It may have become a roll-up.
        newcomer.Increments.Sort(Admission.InOrder);
        foreach (var increment in newcomer.Increments)
        {
            if (place is null || !TryAdd(workload!, place, in increment)) AddToOverflow(workload ?? _places.Others, in increment);
        }

        if (workload is not null) _places.GiveBackUnused(workload, place);
    }

    private bool TryAdd(WorkloadPlaces workload, DestinationPlace place, in NamedIncrement settled)
    {
        var key = place.Bounded(KeyOf(in settled));
        if (!_live.TryGetValue(key, out var counter))
        {
            if (!_places.HasRoomIn(place)) return false;
            var destination = settled.Destination.Name == place.Name ? settled.Destination : settled.Destination with { Name = place.Name };
            counter = Open(_live, new(in key, workload, place, destination));
        }

        Add(counter, in settled);
        return true;
    }

    private void Add(ExportedCounter counter, in NamedIncrement settled)
    {
        Grow(counter, settled.Increment.Amount);
        counter.Describe(settled.Destination);
        counter.Place.Weight = counter.Place.Weight.Plus(Admission.WeightOf(settled.Increment), Fading.HourOf(_now));
        counter.Workload.Changed();
        _sums.Placed++;
    }

    private void Grow(ExportedCounter counter, double amount)
    {
        if (counter.LastIncrement != Seconds(_now)) Touch(counter); // Once a window.
        (counter.Value, counter.LastIncrement) = (counter.Value + amount, Seconds(_now));
    }

    private void AddToOverflow(WorkloadPlaces workload, in NamedIncrement settled)
    {
        var key = KeyOf(in settled);
        key = key with
        {
            Source = workload.Source,
            Destination = LabelValues.Overflow,
            Port = "",
            ResponseCode = Other(key.ResponseCode),
            ResponseFlags = Other(key.ResponseFlags),
        };
        if (!_overflow.TryGetValue(key, out var counter))
            counter = Open(_overflow, new(in key, workload, workload.Overflow, new Destination(LabelValues.Overflow, NameSource.Unknown, Confirmed: false)));
        Grow(counter, settled.Increment.Amount);
        _sums.Overflowed++;

        static string Other(string label) => label.Length == 0 ? "" : LabelValues.Overflow;
    }

    private ExportedCounter Open(Dictionary<SeriesKey, ExportedCounter> among, ExportedCounter counter)
    {
        among.Add(counter.Key, counter);
        _places.Take(counter);
        return counter;
    }

    /// <summary>For iterating by reference. Copying increments of 56 bytes took 10 % of the time of an admission; they have 40 bytes now.</summary>
    private static ReadOnlySpan<NamedIncrement> SpanOf(IReadOnlyList<NamedIncrement> increments) =>
        increments is List<NamedIncrement> list ? CollectionsMarshal.AsSpan(list) : increments as NamedIncrement[] ?? [.. increments];

    private static Newcomer NewcomerOf(Dictionary<Pair, Newcomer> newcomers, in NamedIncrement settled)
    {
        var key = new Pair(settled.Flow.Source, settled.Destination.Name);
        if (!newcomers.TryGetValue(key, out var newcomer)) newcomers.Add(key, newcomer = new Newcomer(settled.Flow.Source, settled.Destination));
        return newcomer;
    }

    /// <summary>Of two uses of a name, the one that is trusted less. A name that one client claims in a Host header must not look confirmed because the mesh
    /// has registered it for others. Labels about which the two disagree are empty.</summary>
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
