using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>The places that the budget has for series, and who holds them.</summary>
internal sealed class Places(CardinalityOptions options)
{
    private readonly Dictionary<Workload, WorkloadPlaces> _workloads = [];
    private readonly Dictionary<string, int> _destinations = [];
    private int _series;

    /// <summary>Stands for all workloads that have no places of their own.</summary>
    public WorkloadPlaces Others { get; } = new(new Workload(LabelValues.Overflow, LabelValues.Overflow));

    /// <summary>Series that count against the budget: counters, and one info series for each destination.</summary>
    public int Used => _series + _destinations.Count;

    /// <summary>Destinations that have an info series.</summary>
    public int Destinations => _destinations.Count;

    /// <summary>How many pairs of workload and destination have a place.</summary>
    public int Pairs => _workloads.Values.Sum(workload => workload.Destinations.Count);

    public int RolledUp => _workloads.Values.Sum(workload => workload.Destinations.Values.Count(place => place.IsRollUp));

    private int Free => options.MaxSeries - Used;

    private bool IsLastQuarter => Free <= options.MaxSeries / 4;

    /// <summary>The places of a workload, which it gets when it first comes. Null where no further workload may have its own.</summary>
    public WorkloadPlaces? TryAllot(Workload source)
    {
        if (source == Others.Source) return Others;
        if (_workloads.TryGetValue(source, out var places)) return places;
        if (_workloads.Count >= options.MaxWorkloads) return null;
        _workloads.Add(source, places = new(source));
        return places;
    }

    /// <summary>The place of a pair. Null where the pair has no series.</summary>
    public DestinationPlace? Find(Pair pair)
    {
        var workload = pair.Source == Others.Source ? Others : _workloads.GetValueOrDefault(pair.Source);
        var place = pair.Destination == LabelValues.Overflow ? workload?.Overflow : workload?.Destinations.GetValueOrDefault(pair.Destination);
        return place is { Counters.Count: > 0 } ? place : null;
    }

    /// <summary>The place of the destination, or a new one with room for at least one series. Null where there is none.</summary>
    public DestinationPlace? TryAllot(WorkloadPlaces workload, Destination destination)
    {
        if (workload.Destinations.TryGetValue(destination.Name, out var place)) return place;
        // The destination's own info series needs a place too.
        if (Free < (_destinations.ContainsKey(destination.Name) ? 1 : 2) || workload.Destinations.Count >= options.MaxDestinationsPerWorkload) return null;
        return workload.Add(destination.Name, RollUp.ParentOf(destination));
    }

    public bool HasRoomIn(DestinationPlace place) => Free > 0 && !(IsLastQuarter && place.Counters.Count >= DestinationPlace.MaxSeriesWhenScarce);

    /// <summary>Whether only a quarter is left of the workload's destinations, or of all series. In the second case it is not scarce for a workload that has
    /// less than half of an equal share.</summary>
    public bool IsScarceFor(WorkloadPlaces workload) =>
        options.MaxDestinationsPerWorkload - workload.Destinations.Count <= options.MaxDestinationsPerWorkload / 4
        || (IsLastQuarter && workload.Used >= options.MaxSeries / (2 * Math.Max(1, _workloads.Count)));

    /// <summary>Whether a destination at risk may take a place although places are scarce. The last eighth is only for destinations that carry much, because
    /// an attacker can make as many blocked attempts and findings as he likes.</summary>
    public bool HasReserveFor(WorkloadPlaces workload) =>
        options.MaxDestinationsPerWorkload - workload.Destinations.Count > options.MaxDestinationsPerWorkload / 8 && Free > options.MaxSeries / 8;

    public void Take(ExportedCounter counter)
    {
        var place = counter.Place;
        place.Add(counter);
        if (counter.IsOverflow) return;
        _series++;
        counter.Workload.Series++;
        counter.Workload.Changed();
        _destinations[place.Name] = _destinations.GetValueOrDefault(place.Name) + 1;
    }

    public void GiveBack(ExportedCounter counter)
    {
        var place = counter.Place;
        place.Remove(counter);
        if (!counter.IsOverflow)
        {
            _series--;
            counter.Workload.Series--;
            counter.Workload.Changed();
            if (_destinations[place.Name] == 1) _destinations.Remove(place.Name);
            else _destinations[place.Name]--;
        }
        GiveBackUnused(counter.Workload, counter.Place);
    }

    /// <summary>Removes a place without a series, and a workload without a place.</summary>
    public void GiveBackUnused(WorkloadPlaces workload, DestinationPlace? place)
    {
        if (place is { Counters.Count: 0 } && place != workload.Overflow) workload.Remove(place);
        if (workload.IsEmpty) _workloads.Remove(workload.Source);
    }
}
