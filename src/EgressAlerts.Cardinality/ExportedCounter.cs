using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>One exported counter.</summary>
internal sealed class ExportedCounter(in SeriesKey key, WorkloadPlaces workload, DestinationPlace place, Destination destination) : CounterSeries(in key)
{
    private bool _manyOwners, _manyNetworks, _manyRegions;

    public ExportedCounter(SeriesState state, in SeriesKey key, WorkloadPlaces workload, DestinationPlace place)
        : this(in key, workload, place, state.Destination!)
    {
        (Value, LastIncrement, IsNew) = (state.Value, (uint)state.Last, state.IsNew);
        (_manyOwners, _manyNetworks, _manyRegions) = (state.ManyOwners, state.ManyNetworks, state.ManyRegions);
    }

    public WorkloadPlaces Workload => workload;

    /// <summary>The place to which it belongs.</summary>
    public DestinationPlace Place => place;

    /// <summary>Whether it sums what has no place.</summary>
    public bool IsOverflow => place.Name == LabelValues.Overflow;

    /// <summary>The destination as its latest increment describes it. Where its addresses have different owners, networks or regions, that label is empty.
    /// Otherwise the labels of the info series would change to and fro.</summary>
    public Destination Destination { get; private set; } = destination;

    public double Value { get; set; }

    /// <summary>When it last grew, in seconds since 1970.</summary>
    public uint LastIncrement { get; set; }

    /// <summary>Whether it still shows 0, because no scrape has seen that yet.</summary>
    public bool IsNew { get; set; } = true;

    /// <param name="before">The destination of the counter before it, which is not written again.</param>
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
