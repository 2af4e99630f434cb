using System.Numerics;

namespace EgressAlerts.Polling;

/// <summary>Days of a span, in UTC. Immutable.</summary>
public sealed class PastDays
{
    private readonly DateOnly _first;
    private readonly ulong[] _days;

    internal PastDays(DateOnly first, ulong[] days) => (_first, _days) = (first, days);

    public int Count => _days.Sum(BitOperations.PopCount);

    /// <exception cref="InvalidOperationException">There is no day.</exception>
    public DateOnly First => Array.FindIndex(_days, word => word != 0) is var word && word >= 0
        ? _first.AddDays((word * 64) + BitOperations.TrailingZeroCount(_days[word]))
        : throw new InvalidOperationException("there is no day");

    /// <exception cref="InvalidOperationException">There is no day.</exception>
    public DateOnly Last => Array.FindLastIndex(_days, word => word != 0) is var word && word >= 0
        ? _first.AddDays((word * 64) + BitOperations.Log2(_days[word]))
        : throw new InvalidOperationException("there is no day");

    /// <summary>All days of several. They must be of the same span.</summary>
    public static PastDays Union(IEnumerable<PastDays> all) =>
        all.Aggregate((one, other) => new(one._first, [.. one._days.Zip(other._days, (a, b) => a | b)]));
}
