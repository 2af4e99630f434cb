using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>One exported counter with its state.</summary>
internal sealed class Slot(in SeriesKey key, uint created, WorkloadPlaces workload, DestinationPlace? place, Destination destination) : CounterSeries(in key, created)
{
    private bool _manyOwners, _manyNetworks, _manyRegions;

    public WorkloadPlaces Workload => workload;

    /// <summary>The place whose series it is; null for overflow.</summary>
    public DestinationPlace? Place => place;

    /// <summary>As its latest use describes it. What its addresses disagree about is empty, so that the info series does not change its labels to and fro.</summary>
    public Destination Destination { get; private set; } = destination;

    public double Value { get; set; }

    /// <summary>Seconds since the epoch.</summary>
    public uint LastIncrement { get; set; }

    /// <summary>It shows 0 until a scrape has seen that.</summary>
    public bool IsNew { get; set; } = true;

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

/// <summary>Finds slots by their keys. Hot code.</summary>
internal sealed class SlotByKey : IEqualityComparer<Slot>, IAlternateEqualityComparer<SeriesKey, Slot>
{
    public bool Equals(Slot? one, Slot? other) => ReferenceEquals(one, other);

    public int GetHashCode([DisallowNull] Slot slot) => GetHashCode(slot.Key);

    public bool Equals(SeriesKey key, Slot slot)
    {
        ref readonly var other = ref slot.Key;
        return key.Metric == other.Metric && key.Labels.Route == other.Labels.Route && key.Labels.Protocol == other.Labels.Protocol
            && key.Labels.Destination == other.Labels.Destination && key.Labels.SourceWorkload == other.Labels.SourceWorkload && key.Labels.SourceNamespace == other.Labels.SourceNamespace
            && key.Labels.Port == other.Labels.Port && key.ResponseCode == other.ResponseCode && key.ResponseFlags == other.ResponseFlags;
    }

    /// <summary>Of the texts that tell most; the namespace seldom does. String hashes are keyed anew in each process, so nobody can prepare collisions.</summary>
    public int GetHashCode(SeriesKey key)
    {
        var hash = (uint)key.Labels.Destination.GetHashCode(StringComparison.Ordinal);
        hash = (BitOperations.RotateLeft(hash, 5) + (uint)key.Labels.SourceWorkload.GetHashCode(StringComparison.Ordinal)) * 0x9E3779B1;
        hash = (BitOperations.RotateLeft(hash, 5) + (uint)key.Labels.Port.GetHashCode(StringComparison.Ordinal)) * 0x9E3779B1;
        hash = (BitOperations.RotateLeft(hash, 5) + (uint)key.ResponseCode.GetHashCode(StringComparison.Ordinal)) * 0x9E3779B1;
        hash = (BitOperations.RotateLeft(hash, 5) + (uint)key.ResponseFlags.GetHashCode(StringComparison.Ordinal)) * 0x9E3779B1;
        return (int)((BitOperations.RotateLeft(hash, 5) + (uint)key.Metric + ((uint)key.Labels.Route << 4) + ((uint)key.Labels.Protocol << 8)) * 0x9E3779B1);
    }

    public Slot Create(SeriesKey key) => throw new NotSupportedException("a slot needs more than its key");
}
