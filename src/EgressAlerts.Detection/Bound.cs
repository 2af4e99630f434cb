using System.Diagnostics.CodeAnalysis;

namespace EgressAlerts.Detection;

/// <summary>The most that a detector follows of one kind. What comes beyond it is dropped and counted in
/// <c>egress_alerts_findings_dropped_total</c>.</summary>
internal sealed class Bound(string alertName, int most, DetectionMetrics metrics)
{
    public bool HasRoom(int count) => count < most;

    public void Drop() => metrics.Dropped(alertName);

    /// <summary>Finds the state of a key, or begins it where the table has room.</summary>
    /// <returns>False where it was dropped.</returns>
    public bool TryGetOrBegin<TKey, TState>(Table<TKey, TState> table, TKey key, Func<TState> begin, [MaybeNullWhen(false)] out TState state)
        where TKey : notnull
    {
        if (table.TryFind(key, out state)) return true;
        if (!HasRoom(table.Count))
        {
            Drop();
            return false;
        }

        table.Put(key, state = begin());
        return true;
    }
}
