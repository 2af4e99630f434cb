using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>One exported counter.</summary>
internal sealed class Slot(in SeriesKey key, WorkloadPlaces workload, DestinationPlace place, Destination destination) : CounterSeries(in key)
{
    private bool _manyOwners, _manyNetworks, _manyRegions;

    public Slot(SeriesState state, in SeriesKey key, WorkloadPlaces workload, DestinationPlace place)
        : this(in key, workload, place, state.Destination!)
    {
        (Value, LastIncrement, IsNew) = (state.Value, (uint)state.Last, state.IsNew);
        (_manyOwners, _manyNetworks, _manyRegions) = (state.ManyOwners, state.ManyNetworks, state.ManyRegions);
    }

    public WorkloadPlaces Workload => workload;

    /// <summary>The place whose series it is.</summary>
    public DestinationPlace Place => place;

    /// <summary>It sums what has no place of its own.</summary>
    public bool IsOverflow => place.Name == Words.Other;

    /// <summary>As its latest use describes it. What its addresses disagree about is empty, so that the info series does not change its labels to and fro.</summary>
    public Destination Destination { get; private set; } = destination;

    public double Value { get; set; }

    /// <summary>Seconds since the epoch.</summary>
    public uint LastIncrement { get; set; }

    /// <summary>It shows 0 until a scrape has seen that.</summary>
    public bool IsNew { get; set; } = true;

    /// <param name="before">The destination of the series before it.</param>
    public SeriesState State(Destination? before) => new(
        Key.Metric, Key.Route, Key.Protocol, Key.Port, Key.ResponseCode, Key.ResponseFlags,
        Value, LastIncrement, IsNew, Destination == before ? null : Destination, _manyOwners, _manyNetworks, _manyRegions);

    public void Describe(Destination now)
    {
        if (ReferenceEquals(now, Destination) || now == Destination) return;
        var before = Destination;
        if (now.Source != NameSource.Network)
        {
            now = now with
            {
                Name = before.Name,
                Owner = Agreed(before.Owner, now.Owner, ref _manyOwners),
                Network = Agreed(before.Network, now.Network, ref _manyNetworks),
                Region = Agreed(before.Region, now.Region, ref _manyRegions),
            };
        }

        if (now != before) Destination = now;
    }

    private static string Agreed(string before, string now, ref bool many)
    {
        many |= before.Length > 0 && now.Length > 0 && before != now;
        return many ? "" : now.Length > 0 ? now : before;
    }
}
