using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>The places for series that the budget grants, and who holds them.</summary>
internal sealed class Places(CardinalityOptions options)
{
    private readonly Dictionary<Workload, WorkloadPlaces> _workloads = [];
    private readonly Dictionary<string, int> _destinations = [];
    private int _series;

    /// <summary>Stands for all workloads that have no places of their own.</summary>
    public WorkloadPlaces Others { get; } = new(new Workload(Words.Other, Words.Other));

    /// <summary>Series within the budget: of counters, and an info series for each destination.</summary>
    public int Used => _series + _destinations.Count;

    /// <summary>Destinations that have an info series.</summary>
    public int Destinations => _destinations.Count;

    /// <summary>Pairs of workload and destination.</summary>
    public int Pairs => _workloads.Values.Sum(workload => workload.Destinations.Count);

    public int RolledUp => _workloads.Values.Sum(workload => workload.Destinations.Values.Count(place => place.IsRollUp));

    private int Free => options.MaxSeries - Used;

    private bool IsLastQuarter => Free <= options.MaxSeries / 4;

    /// <summary>The places of a workload; null where no workload may have its own any more.</summary>
    public WorkloadPlaces? Of(Workload source)
    {
        if (source == Others.Source) return Others;
        if (_workloads.TryGetValue(source, out var places)) return places;
        if (_workloads.Count >= options.MaxWorkloads) return null;
        _workloads.Add(source, places = new(source));
        return places;
    }

    /// <summary>The place of a pair that has series; else null.</summary>
    public DestinationPlace? Find(Pair pair)
    {
        var workload = pair.Source == Others.Source ? Others : _workloads.GetValueOrDefault(pair.Source);
        var place = pair.Destination == Words.Other ? workload?.Overflow : workload?.Destinations.GetValueOrDefault(pair.Destination);
        return place is { Slots.Count: > 0 } ? place : null;
    }

    /// <summary>A place for the destination and at least one series, if there is one.</summary>
    public DestinationPlace? Of(WorkloadPlaces workload, Destination destination)
    {
        if (workload.Destinations.TryGetValue(destination.Name, out var place)) return place;
        // The destination's own info series needs a place too.
        if (Free < (_destinations.ContainsKey(destination.Name) ? 1 : 2) || workload.Destinations.Count >= options.MaxDestinationsPerWorkload) return null;
        return workload.Add(destination.Name, RollUp.ParentOf(destination));
    }

    public bool HasRoomIn(DestinationPlace place) => Free > 0 && !(IsLastQuarter && place.Slots.Count >= DestinationPlace.MaxSeriesWhenScarce);

    /// <summary>Whether only a quarter is left: of the workload's destinations, or of all series while the workload has its fair part of them.</summary>
    public bool IsScarceFor(WorkloadPlaces workload) =>
        options.MaxDestinationsPerWorkload - workload.Destinations.Count <= options.MaxDestinationsPerWorkload / 4
        || (IsLastQuarter && workload.Used >= options.MaxSeries / (2 * Math.Max(1, _workloads.Count)));

    /// <summary>The last eighth is not for what is blocked or has a finding, of which an attacker can make as much as he likes, but for what carries much.</summary>
    public bool HasReserveFor(WorkloadPlaces workload) =>
        options.MaxDestinationsPerWorkload - workload.Destinations.Count > options.MaxDestinationsPerWorkload / 8 && Free > options.MaxSeries / 8;

    public void Take(Slot slot)
    {
        var place = slot.Place;
        place.Add(slot);
        if (slot.IsOverflow) return;
        _series++;
        slot.Workload.Series++;
        slot.Workload.Changed();
        _destinations[place.Name] = _destinations.GetValueOrDefault(place.Name) + 1;
    }

    public void GiveBack(Slot slot)
    {
        var place = slot.Place;
        place.Remove(slot);
        if (!slot.IsOverflow)
        {
            _series--;
            slot.Workload.Series--;
            slot.Workload.Changed();
            if (_destinations[place.Name] == 1) _destinations.Remove(place.Name);
            else _destinations[place.Name]--;
        }
        GiveBackUnused(slot.Workload, slot.Place);
    }

    /// <summary>A place without a series, and a workload without a place, make room for others.</summary>
    public void GiveBackUnused(WorkloadPlaces workload, DestinationPlace? place)
    {
        if (place is { Slots.Count: 0 } && place != workload.Overflow) workload.Remove(place);
        if (workload.IsEmpty) _workloads.Remove(workload.Source);
    }
}
