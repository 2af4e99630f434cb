using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>The places that one workload holds.</summary>
internal sealed class WorkloadPlaces(Workload source)
{
    private readonly Dictionary<string, int> _children = [];
    private (long Hour, double Weight)? _average;

    public Workload Source => source;

    public Dictionary<string, DestinationPlace> Destinations { get; } = [];

    /// <summary>Series within the budget.</summary>
    public int Series { get; set; }

    /// <summary>Places in the budget: its series, and an info series for each destination.</summary>
    public int Used => Series + Destinations.Count;

    /// <summary>The series that sum what has no place of its own.</summary>
    public DestinationPlace Overflow { get; } = new(Words.Other, "");

    public bool IsEmpty => Destinations.Count == 0 && Overflow.Slots.Count == 0;

    /// <summary>What each of its destinations carried lately, on average.</summary>
    public double AverageWeight(long hour)
    {
        if (_average is not { } known || known.Hour != hour) _average = known = (hour, Destinations.Count == 0 ? 0 : Destinations.Values.Average(place => place.Weight.At(hour)));
        return known.Weight;
    }

    /// <summary>One of its destinations has carried something, has come or has gone.</summary>
    public void Changed() => _average = null;

    /// <summary>How many live names lie directly under the parent.</summary>
    public int Children(string parent) => _children.GetValueOrDefault(parent);

    public DestinationPlace Add(string name, string parent)
    {
        var place = new DestinationPlace(name, parent);
        Destinations.Add(name, place);
        Changed();
        if (parent.Length > 0) _children[parent] = Children(parent) + 1;
        return place;
    }

    public void Remove(DestinationPlace place)
    {
        Destinations.Remove(place.Name);
        Changed();
        if (place.Parent.Length == 0) return;
        if (Children(place.Parent) == 1) _children.Remove(place.Parent);
        else _children[place.Parent]--;
    }
}

/// <summary>The place of one destination of a workload, with what bounds its series.</summary>
/// <param name="parent">The name above it, if names under it may be rolled up; else empty.</param>
internal sealed class DestinationPlace(string name, string parent)
{
    /// <summary>Ports, flags and codes beyond these are summed in a series of <c>__other__</c>: a scan of all ports must not mint 65,535 series.</summary>
    public const int MaxPorts = 16;

    public const int MaxFlags = 16;
    public const int MaxCodes = 32;

    /// <summary>The most series of one destination when places are scarce.</summary>
    public const int MaxSeriesWhenScarce = 16;

    private readonly List<Slot> _slots = [];

    public string Name => name;

    public string Parent => parent;

    /// <summary>Whether every new name under a parent is counted here.</summary>
    public bool IsRollUp { get; private set; }

    /// <summary>Its live series.</summary>
    public IReadOnlyList<Slot> Slots => _slots;

    public void BeginRollUp() => IsRollUp = true;

    /// <summary>They lie in the order of their keys, so that a place looks the same after a restart.</summary>
    public void Add(Slot slot)
    {
        var at = _slots.FindIndex(other => SeriesKey.Order(in other.Key, in slot.Key) > 0);
        _slots.Insert(at < 0 ? _slots.Count : at, slot);
    }

    public void Remove(Slot slot) => _slots.Remove(slot);

    /// <summary>What it carried lately, see <see cref="Admission.WeightOf"/>.</summary>
    public Fading Weight { get; set; }

    public PlaceState State => new([.. _slots.Select((slot, i) => slot.State(i == 0 ? null : _slots[i - 1].Destination))], Weight.Amount, Weight.Hour, IsRollUp);

    /// <summary>The labels under which an increment is counted here.</summary>
    public SeriesKey Bounded(SeriesKey key) => key with
    {
        Destination = name,
        Port = Bounded(key.Port, MaxPorts, slot => slot.Key.Port),
        ResponseFlags = Bounded(key.ResponseFlags, MaxFlags, slot => slot.Key.ResponseFlags),
        ResponseCode = Bounded(key.ResponseCode, MaxCodes, slot => slot.Key.ResponseCode),
    };

    /// <summary>The text, if a live series has it already or few others are in use.</summary>
    private string Bounded(string text, int most, Func<Slot, string> of)
    {
        if (text.Length == 0 || text == Words.Other || _slots.Exists(slot => of(slot) == text)) return text;
        return _slots.Count < most || _slots.Select(of).Where(known => known.Length > 0 && known != Words.Other).Distinct().Count() < most ? text : Words.Other;
    }
}
