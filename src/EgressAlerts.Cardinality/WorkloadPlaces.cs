using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>The places that one workload holds.</summary>
internal sealed class WorkloadPlaces(Workload source)
{
    private readonly Dictionary<string, int> _children = [];

    public Workload Source => source;

    public Dictionary<string, DestinationPlace> Destinations { get; } = [];

    /// <summary>Series within the budget.</summary>
    public int Series { get; set; }

    /// <summary>Places in the budget: its series, and an info series for each destination.</summary>
    public int Used => Series + Destinations.Count;

    public int Overflow { get; set; }

    public bool IsEmpty => Destinations.Count == 0 && Overflow == 0;

    /// <summary>What its destinations carried lately, see <see cref="SeriesBudget"/>.</summary>
    public double Weight { get; private set; }

    public double AverageWeight => Destinations.Count == 0 ? 0 : Weight / Destinations.Count;

    public void Carry(DestinationPlace place, double weight)
    {
        place.Weight += weight;
        Weight += weight;
    }

    public void Halve()
    {
        foreach (var place in Destinations.Values) place.Weight /= 2;
        Weight = Destinations.Values.Sum(place => place.Weight);
    }

    /// <summary>How many live names lie directly under the parent.</summary>
    public int Children(string parent) => _children.GetValueOrDefault(parent);

    public DestinationPlace Add(string name, string parent)
    {
        var place = new DestinationPlace(name, parent);
        Destinations.Add(name, place);
        if (parent.Length > 0) _children[parent] = Children(parent) + 1;
        return place;
    }

    public void Remove(DestinationPlace place)
    {
        Destinations.Remove(place.Name);
        Weight -= place.Weight;
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

    // Most have one of each: arrays of just their size.
    private string[] _ports = [];
    private string[] _flags = [];
    private string[] _codes = [];

    public string Name => name;

    public string Parent => parent;

    /// <summary>Whether every new name under a parent is counted here.</summary>
    public bool IsRollUp { get; set; }

    /// <summary>Live series.</summary>
    public int Series { get; set; }

    /// <summary>What it carried lately, see <see cref="SeriesBudget"/>.</summary>
    public double Weight { get; set; }

    /// <summary>The labels under which an increment is counted here.</summary>
    public SeriesKey Bounded(SeriesKey key) => key with
    {
        Labels = key.Labels with { Destination = name, Port = Bounded(ref _ports, key.Labels.Port, MaxPorts) },
        ResponseFlags = Bounded(ref _flags, key.ResponseFlags, MaxFlags),
        ResponseCode = Bounded(ref _codes, key.ResponseCode, MaxCodes),
    };

    private static string Bounded(ref string[] known, string text, int most)
    {
        if (text.Length == 0 || text == Words.Other || known.AsSpan().Contains(text)) return text;
        if (known.Length == most) return Words.Other;
        known = [.. known, text];
        return text;
    }
}
