using System.Runtime.InteropServices;
using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>Adds increments to exported counters, of which there are never more than the budget; what finds no place goes into
/// <c>__other__</c>, so that sums stay whole. Called by the pass alone. Hot code.</summary>
/// <remarks>An admitted series stays until it is idle for long; nothing that was counted ever moves between series. The last quarter of the places, of a workload and in all,
/// is kept for what matters: a flood of junk that came first cannot keep out what carries more.</remarks>
public sealed class SeriesBudget
{
    /// <summary>So many live names under a parent are rolled up when places are scarce.</summary>
    private const int RollUpFrom = 5;

    /// <summary>What comes when places are scarce must carry so many times what the workload's live destinations carry on average.</summary>
    private const double HeavyFrom = 2;

    /// <summary>What a request or connection weighs beside its bytes.</summary>
    private const double WeightOfOne = 1024;

    private static readonly TimeSpan HalfLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan WantedPeriod = TimeSpan.FromDays(1);

    private readonly CardinalityOptions _options;
    private readonly HashSet<Slot> _live = new(new SlotByKey());
    private readonly HashSet<Slot> _overflow = new(new SlotByKey());
    private readonly HashSet<Slot>.AlternateLookup<SeriesKey> _liveByKey;
    private readonly HashSet<Slot>.AlternateLookup<SeriesKey> _overflowByKey;
    private readonly Dictionary<Workload, WorkloadPlaces> _workloads = [];
    private readonly WorkloadPlaces _others = new(new Workload(Words.Other, Words.Other));
    private readonly Dictionary<string, int> _destinations = [];
    private readonly SpaceSaving<(Workload Source, string Destination)> _folded;
    private readonly Totals _counted = new();
    private readonly Totals _retired = new();
    private DistinctCount _wanted = new();
    private DistinctCount _wantedBefore = new();
    private DateTimeOffset _now;
    private (long Retired, long Promoted, long Placed, long Folded) _sums;

    public SeriesBudget(CardinalityOptions options)
    {
        _options = options;
        _liveByKey = _live.GetAlternateLookup<SeriesKey>();
        _overflowByKey = _overflow.GetAlternateLookup<SeriesKey>();
        _folded = new(options.MaxSeries);
    }

    /// <param name="findings">What detection holds: a destination with a live finding gets a place before routine ones.</param>
    /// <param name="showNew">Whether new series of the last window may show their value: their 0 was scraped, or nobody scrapes.</param>
    public Admitted Admit(NamedReading named, IReadOnlyList<Finding> findings, bool showNew)
    {
        AdvanceTo(named.Window.End);
        Retire(Seconds(_now - _options.IdleTtl));
        if (showNew) Show();
        foreach (ref readonly var seen in SpanOf(named.Seen)) _counted.Add(seen.Increment.Metric, seen.Increment.Amount);

        Dictionary<(Workload Source, string Destination), Newcomer>? newcomers = null;
        foreach (ref readonly var settled in SpanOf(named.Settled))
        {
            if (_liveByKey.TryGetValue(KeyOf(in settled), out var slot)) Add(slot, in settled);
            else NewcomerOf(newcomers ??= [], settled).Increments.Add(settled);
        }

        if (newcomers is not null) Place(newcomers.Values, findings);
        return Snapshot(named.Window, named.Reading.Accounts, named.Waiting);
    }

    /// <summary>The counters as they stand, as of a window that has been accounted for.</summary>
    public Admitted Snapshot(Window window, Accounts accounts, IReadOnlyList<Increment> waiting)
    {
        var (series, withheld) = (new List<ExportedSeries>(_live.Count + _overflow.Count), new List<ExportedSeries>());
        var destinations = new Dictionary<string, Destination>(_destinations.Count);
        foreach (var slot in _live)
        {
            // One info series each, so that queries can join it. A name is only as good as its least trustworthy use: that one client claims a name
            // in a Host header must not look confirmed because the mesh has registered it for others.
            if (!destinations.TryGetValue(slot.Destination.Name, out var other) || slot.Destination.Source > other.Source) destinations[slot.Destination.Name] = slot.Destination;
            Export(slot);
        }

        foreach (var slot in _overflow) Export(slot);
        var rolledUp = _workloads.Values.Sum(workload => workload.Destinations.Values.Count(place => place.IsRollUp));
        var live = _live.Count + _destinations.Count;
        var wanted = _workloads.Values.Sum(workload => workload.Destinations.Count) + _wanted.Estimate(_wantedBefore);
        return new(
            window, accounts, series, [.. destinations.Values], _counted.Snapshot(), waiting, withheld, _retired.Snapshot(),
            new(live, _overflow.Count, _sums.Retired, _options.MaxSeries, wanted, _sums.Promoted, rolledUp, _sums.Placed, _sums.Folded));

        void Export(Slot slot)
        {
            series.Add(new(slot, slot.IsNew ? 0 : slot.Value));
            if (slot.IsNew) withheld.Add(new(slot, slot.Value));
        }
    }

    public void Save(BinaryWriter to)
    {
        _counted.Save(to);
        _retired.Save(to);
        to.Write(_now);
        to.Write(_sums.Retired);
        to.Write(_sums.Promoted);
        to.Write(_sums.Placed);
        to.Write(_sums.Folded);
        _wanted.Save(to);
        _wantedBefore.Save(to);
        _folded.Save(to, key =>
        {
            to.Write(key.Source);
            to.Write(key.Destination);
        });
        to.WriteAll(_live, slot => SlotState.Write(to, slot));
        to.WriteAll(_overflow, slot => SlotState.Write(to, slot));
        to.WriteAll([.. _workloads.Values.SelectMany(workload => workload.Destinations.Values, (workload, place) => (workload.Source, place))], entry =>
        {
            to.Write(entry.Source);
            to.Write(entry.place.Name);
            to.Write(entry.place.Weight);
            to.Write(entry.place.IsRollUp);
        });
    }

    public void Load(BinaryReader from)
    {
        _counted.Load(from);
        _retired.Load(from);
        _now = from.ReadInstant();
        _sums = (from.ReadInt64(), from.ReadInt64(), from.ReadInt64(), from.ReadInt64());
        _wanted.Load(from);
        _wantedBefore.Load(from);
        _folded.Load(from, () => (from.ReadWorkload(), from.ReadString()));

        // A budget that was lowered keeps what moved last; the sums of the rest are kept as retired.
        var words = new Dictionary<string, string>();
        foreach (var state in from.ReadAll(() => SlotState.Read(from, words)).OrderByDescending(state => state.LastIncrement).ToList())
        {
            if (PlacesOf(state.Source) is { } workload && PlaceOf(workload, state.Destination) is { } place && HasRoomForSeries) Restore(Open(workload, place, state.Key, state.Destination, state.Created), state);
            else _retired.Add(state.Key.Metric, state.Value);
        }

        foreach (var state in from.ReadAll(() => SlotState.Read(from, words)).ToList()) Restore(OpenOverflow(PlacesOf(state.Source) ?? _others, state.Key, state.Created), state);
        foreach (var (source, name, weight, isRollUp) in from.ReadAll(() => (from.ReadWorkload(), from.ReadString(), from.ReadDouble(), from.ReadBoolean())))
        {
            if (!_workloads.TryGetValue(source, out var workload) || !workload.Destinations.TryGetValue(name, out var place)) continue;
            workload.Carry(place, weight);
            place.IsRollUp = isRollUp;
        }

        foreach (var empty in _workloads.Values.SelectMany(workload => workload.Destinations.Values.Where(place => place.Series == 0).Select(place => (workload, place))).ToList()) empty.workload.Remove(empty.place);
        foreach (var empty in _workloads.Values.Where(workload => workload.IsEmpty).ToList()) _workloads.Remove(empty.Source);
    }

    private bool HasRoomForSeries => Free > 0;

    private int Free => _options.MaxSeries - _live.Count - _destinations.Count;

    /// <summary>Time goes on: what was carried counts half after an hour, and what was wanted is forgotten after one to two days.</summary>
    private void AdvanceTo(DateTimeOffset now)
    {
        var before = _now;
        _now = now;
        if (before == default) return;
        for (var hours = Math.Min(64, Ticks(now, HalfLife) - Ticks(before, HalfLife)); hours > 0; hours--)
        {
            _folded.Halve();
            foreach (var workload in _workloads.Values) workload.Halve();
        }

        if (Ticks(now, WantedPeriod) > Ticks(before, WantedPeriod)) (_wantedBefore, _wanted) = (_wanted, new());

        static long Ticks(DateTimeOffset at, TimeSpan period) => at.UtcTicks / period.Ticks;
    }

    private void Show()
    {
        foreach (var slot in _live) slot.IsNew = false;
        foreach (var slot in _overflow) slot.IsNew = false;
    }

    /// <summary>Finds places for what has none: what is at risk first, then what carries most.</summary>
    private void Place(IReadOnlyCollection<Newcomer> newcomers, IReadOnlyList<Finding> findings)
    {
        var found = findings.Select(finding => (finding.Source, finding.Destination)).ToHashSet();
        foreach (var newcomer in newcomers)
        {
            newcomer.Weight = _folded.Guaranteed((newcomer.Source, newcomer.Destination.Name)) + newcomer.Increments.Sum(increment => WeightOf(in increment));
            newcomer.IsAtRisk = newcomer.Increments.Exists(increment => increment.Flow.Route == Route.Blocked) || found.Contains((newcomer.Source, newcomer.Destination.Name));
        }

        foreach (var newcomer in newcomers.OrderByDescending(newcomer => newcomer.IsAtRisk).ThenByDescending(newcomer => newcomer.Weight)
            .ThenBy(newcomer => newcomer.Destination.Name, StringComparer.Ordinal).ThenBy(newcomer => newcomer.Source.ToString(), StringComparer.Ordinal))
        {
            var workload = PlacesOf(newcomer.Source);
            var place = workload is null ? null : Admitted(workload, newcomer);
            foreach (var increment in newcomer.Increments)
            {
                if (place is null || !TryAdd(workload!, place, increment)) Fold(workload ?? _others, increment);
            }

            if (place is null)
            {
                _folded.Add((newcomer.Source, newcomer.Destination.Name), newcomer.Increments.Sum(increment => WeightOf(in increment)));
                _wanted.Add(newcomer.Source.Namespace, newcomer.Source.Name, newcomer.Destination.Name);
            }
            else if (place.Series == 0)
            {
                workload!.Remove(place);
            }

            if (workload is { IsEmpty: true }) _workloads.Remove(workload.Source);
        }
    }

    /// <summary>The newcomer's place, or that of its parent, or null where there is none for it.</summary>
    private DestinationPlace? Admitted(WorkloadPlaces workload, Newcomer newcomer)
    {
        if (workload.Destinations.TryGetValue(newcomer.Destination.Name, out var place)) return place;
        var parent = ParentOf(newcomer.Destination);
        var rolledUp = parent.Length > 0 ? "*." + parent : "";
        if (workload.Destinations.TryGetValue(rolledUp, out place) && place.IsRollUp) return place;

        var isScarce = IsScarce(workload);
        if (isScarce && workload.Children(parent) >= RollUpFrom && parent.Length > 0 && PlaceOf(workload, newcomer.Destination with { Name = rolledUp }) is { } above)
        {
            above.IsRollUp = true;
            return above;
        }

        if (isScarce && !(newcomer.IsAtRisk && HasReserve(workload)) && newcomer.Weight < HeavyFrom * workload.AverageWeight) return null;
        place = PlaceOf(workload, newcomer.Destination);
        if (place is not null && _folded.Find((newcomer.Source, newcomer.Destination.Name)) is not null)
        {
            _folded.Remove((newcomer.Source, newcomer.Destination.Name));
            _sums.Promoted++;
        }

        return place;
    }

    /// <summary>Whether only a quarter is left: of the workload's destinations, or of all series while the workload has its fair part of them.</summary>
    private bool IsScarce(WorkloadPlaces workload) =>
        _options.MaxDestinationsPerWorkload - workload.Destinations.Count <= _options.MaxDestinationsPerWorkload / 4
        || (Free <= _options.MaxSeries / 4 && workload.Used >= _options.MaxSeries / (2 * Math.Max(1, _workloads.Count)));

    /// <summary>The last eighth is not for what is blocked or has a finding, of which an attacker can make as much as he likes, but for what carries much.</summary>
    private bool HasReserve(WorkloadPlaces workload) =>
        _options.MaxDestinationsPerWorkload - workload.Destinations.Count > _options.MaxDestinationsPerWorkload / 8 && Free > _options.MaxSeries / 8;

    /// <summary>A place for the destination and at least one series, if there is one.</summary>
    private DestinationPlace? PlaceOf(WorkloadPlaces workload, Destination destination)
    {
        if (workload.Destinations.TryGetValue(destination.Name, out var place)) return place;
        // The destination's own info series needs a place too.
        if (Free < (_destinations.ContainsKey(destination.Name) ? 1 : 2) || workload.Destinations.Count >= _options.MaxDestinationsPerWorkload) return null;
        return workload.Add(destination.Name, ParentOf(destination));
    }

    /// <summary>The places of a workload; null where no workload may have its own any more.</summary>
    private WorkloadPlaces? PlacesOf(Workload source)
    {
        if (source == _others.Source) return _others;
        if (_workloads.TryGetValue(source, out var places)) return places;
        if (_workloads.Count >= _options.MaxWorkloads) return null;
        _workloads.Add(source, places = new(source));
        return places;
    }

    private bool TryAdd(WorkloadPlaces workload, DestinationPlace place, NamedIncrement settled)
    {
        var key = place.Bounded(KeyOf(settled));
        if (!_liveByKey.TryGetValue(key, out var slot))
        {
            if (!HasRoomForSeries || (Free <= _options.MaxSeries / 4 && place.Series >= DestinationPlace.MaxSeriesWhenScarce)) return false;
            slot = Open(workload, place, key, settled.Destination.Name == place.Name ? settled.Destination : settled.Destination with { Name = place.Name }, Seconds(_now));
        }

        Add(slot, settled);
        return true;
    }

    private void Add(Slot slot, in NamedIncrement settled)
    {
        slot.Value += settled.Increment.Amount;
        slot.LastIncrement = Seconds(_now);
        slot.Describe(settled.Destination);
        slot.Workload.Carry(slot.Place!, WeightOf(settled));
        _sums.Placed++;
    }

    private void Fold(WorkloadPlaces workload, NamedIncrement settled)
    {
        var key = KeyOf(settled);
        key = new(
            key.Metric,
            key.Labels with { SourceNamespace = workload.Source.Namespace, SourceWorkload = workload.Source.Name, Destination = Words.Other, Port = "" },
            Other(key.ResponseCode),
            Other(key.ResponseFlags));
        if (!_overflowByKey.TryGetValue(key, out var slot)) slot = OpenOverflow(workload, key, Seconds(_now));
        slot.Value += settled.Increment.Amount;
        slot.LastIncrement = Seconds(_now);
        _sums.Folded++;

        static string Other(string label) => label.Length == 0 ? "" : Words.Other;
    }

    private Slot Open(WorkloadPlaces workload, DestinationPlace place, SeriesKey key, Destination destination, uint created)
    {
        var slot = new Slot(key, created, workload, place, destination);
        _live.Add(slot);
        workload.Series++;
        place.Series++;
        _destinations[place.Name] = _destinations.GetValueOrDefault(place.Name) + 1;
        return slot;
    }

    private Slot OpenOverflow(WorkloadPlaces workload, SeriesKey key, uint created)
    {
        var slot = new Slot(key, created, workload, null, new Destination(Words.Other, NameSource.Unknown, Confirmed: false));
        _overflow.Add(slot);
        workload.Overflow++;
        return slot;
    }

    private static void Restore(Slot slot, SlotState state)
    {
        (slot.Value, slot.LastIncrement, slot.IsNew) = (slot.Value + state.Value, state.LastIncrement, state.IsNew);
        slot.Place?.Bounded(slot.Key); // Its port, flags and code have a place already.
    }

    private void Retire(uint idleSince)
    {
        foreach (var slot in _live.Where(slot => slot.LastIncrement < idleSince).ToList())
        {
            _live.Remove(slot);
            slot.Workload.Series--;
            if (--slot.Place!.Series == 0) slot.Workload.Remove(slot.Place);
            if (_destinations[slot.Place.Name] == 1) _destinations.Remove(slot.Place.Name);
            else _destinations[slot.Place.Name]--;
            Retired(slot);
        }

        foreach (var slot in _overflow.Where(slot => slot.LastIncrement < idleSince).ToList())
        {
            _overflow.Remove(slot);
            slot.Workload.Overflow--;
            Retired(slot);
        }

        void Retired(Slot slot)
        {
            _retired.Add(slot.Key.Metric, slot.Value);
            _sums.Retired++;
            if (slot.Workload.IsEmpty) _workloads.Remove(slot.Workload.Source);
        }
    }

    /// <summary>The increments in place: copies of 56 bytes each would cost a tenth of all.</summary>
    private static ReadOnlySpan<NamedIncrement> SpanOf(IReadOnlyList<NamedIncrement> increments) =>
        increments is List<NamedIncrement> list ? CollectionsMarshal.AsSpan(list) : increments as NamedIncrement[] ?? [.. increments];

    private static Newcomer NewcomerOf(Dictionary<(Workload, string), Newcomer> newcomers, NamedIncrement settled)
    {
        var key = (settled.Flow.Source, settled.Destination.Name);
        if (!newcomers.TryGetValue(key, out var newcomer)) newcomers.Add(key, newcomer = new Newcomer(settled.Flow.Source, settled.Destination));
        return newcomer;
    }

    private static uint Seconds(DateTimeOffset at) => (uint)at.ToUnixTimeSeconds();

    private static SeriesKey KeyOf(in NamedIncrement settled)
    {
        var (flow, increment) = (settled.Flow, settled.Increment);
        var labels = new FlowLabels(flow.Source.Namespace, flow.Source.Name, settled.Destination.Name, flow.To.Port, flow.Route, flow.Protocol);
        return new(increment.Metric, labels, increment.ResponseCode, increment.ResponseFlags);
    }

    private static double WeightOf(in NamedIncrement settled) => settled.Increment.Metric is Metric.UploadBytes or Metric.DownloadBytes ? settled.Increment.Amount : settled.Increment.Amount * WeightOfOne;

    /// <summary>The name above a host name, where that is not above its registrable domain; else empty.</summary>
    private static string ParentOf(Destination destination)
    {
        var dot = destination.Name.IndexOf('.', StringComparison.Ordinal);
        if (destination.Domain.Length == 0 || dot < 0 || destination.Name[0] == '*') return "";
        return destination.Name.Length - dot - 1 >= destination.Domain.Length ? destination.Name[(dot + 1)..] : "";
    }

    /// <summary>What a workload talks to and has no series for.</summary>
    private sealed class Newcomer(Workload source, Destination destination)
    {
        public Workload Source => source;

        public Destination Destination => destination;

        public List<NamedIncrement> Increments { get; } = [];

        public double Weight { get; set; }

        public bool IsAtRisk { get; set; }
    }
}
