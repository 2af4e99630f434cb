using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>The places that one workload holds.</summary>
internal sealed class WorkloadPlaces(Workload source)
{
    private readonly Dictionary<string, int> _children = [];
    private (long Hour, double Weight)? _average;

    public Workload Source => source;

    public Dictionary<string, DestinationPlace> Destinations { get; } = [];

    /// <summary>Series that count against the budget.</summary>
    public int Series { get; set; }

    /// <summary>Its series, and an info series for each destination.</summary>
    public int Used => Series + Destinations.Count;

    /// <summary>The series that sum what has no place.</summary>
    public DestinationPlace Overflow { get; } = new(LabelValues.Overflow, "");

    public bool IsEmpty => Destinations.Count == 0 && Overflow.Counters.Count == 0;

    /// <summary>What each of its destinations carried lately on average, in bytes.</summary>
    public double AverageWeight(long hour)
    {
        if (_average is { } known && known.Hour == hour) return known.Weight;
        var weight = Destinations.Count == 0 ? 0 : Destinations.Values.Average(place => place.Weight.At(hour));
        _average = (hour, weight);
        return weight;
    }

    /// <summary>Called when one of its destinations has carried something, has come or has gone.</summary>
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

/// <summary>The place of one destination of a workload. It bounds the series of the destination.</summary>
/// <param name="parent">The name above it. Empty where names under that may not be rolled up.</param>
internal sealed class DestinationPlace(string name, string parent)
{
    /// <summary>Further ports are summed in an overflow, and so are flags and codes. A scan of all ports must not make 65,535 series.</summary>
    public const int MaxPorts = 16;

    public const int MaxFlags = 16;
    public const int MaxCodes = 32;

    /// <summary>The most series of one destination when places are scarce.</summary>
    public const int MaxSeriesWhenScarce = 16;

    private readonly List<ExportedCounter> _counters = [];

    public string Name => name;

    public string Parent => parent;

    /// <summary>Whether new names under the parent are summed here.</summary>
    public bool IsRollUp { get; private set; }

    /// <summary>Its live series.</summary>
    public IReadOnlyList<ExportedCounter> Counters => _counters;

    public void BeginRollUp() => IsRollUp = true;

    /// <summary>Keeps the counters in the order of their keys, so that a place is the same after a restart.</summary>
    public void Add(ExportedCounter counter)
    {
        var at = _counters.FindIndex(other => SeriesKey.Order(in other.Key, in counter.Key) > 0);
        _counters.Insert(at < 0 ? _counters.Count : at, counter);
    }

    public void Remove(ExportedCounter counter) => _counters.Remove(counter);

    /// <summary>What it carried lately, in bytes (<see cref="Admission.WeightOf"/>).</summary>
    public Fading Weight { get; set; }

    public PlaceState State => new(
        [.. _counters.Select((counter, i) => counter.State(i == 0 ? null : _counters[i - 1].Destination))], Weight.Amount, Weight.Hour, IsRollUp);

    /// <summary>The labels under which an increment is counted here.</summary>
    public SeriesKey Bounded(SeriesKey key) => key with
    {
        Destination = name,
        Port = Bounded(key.Port, MaxPorts, counter => counter.Key.Port),
        ResponseFlags = Bounded(key.ResponseFlags, MaxFlags, counter => counter.Key.ResponseFlags),
        ResponseCode = Bounded(key.ResponseCode, MaxCodes, counter => counter.Key.ResponseCode),
    };

    /// <summary>The text, where a live series has it already or fewer than <paramref name="max"/> are in use. Else the overflow.</summary>
    private string Bounded(string text, int max, Func<ExportedCounter, string> read)
    {
        if (text.Length == 0 || text == LabelValues.Overflow || _counters.Exists(counter => read(counter) == text)) return text;
        if (_counters.Count < max) return text;
        return _counters.Select(read).Where(known => known.Length > 0 && known != LabelValues.Overflow).Distinct().Count() < max ? text : LabelValues.Overflow;
    }
}
