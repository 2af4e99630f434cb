using EgressAlerts.Model;

namespace EgressAlerts.Naming;

/// <summary>Holds increments whose destination is still being looked up.</summary>
/// <remarks>Bounded: beyond <see cref="Capacity"/> distinct flows an increment does not wait but is counted under the address.</remarks>
internal sealed class WaitingRoom
{
    private const int Capacity = 100_000;

    private readonly Dictionary<Increment, (double Amount, DateTimeOffset Since)> _waiting = [];

    /// <summary>False where there is no room.</summary>
    public bool TryAdd(Increment increment, DateTimeOffset since)
    {
        var key = increment with { Amount = 0 };
        if (_waiting.TryGetValue(key, out var held)) _waiting[key] = (held.Amount + increment.Amount, held.Since);
        else if (_waiting.Count < Capacity) _waiting.Add(key, (increment.Amount, since));
        else return false;
        return true;
    }

    public IReadOnlyList<Increment> Increments => [.. _waiting.Select(held => held.Key with { Amount = held.Value.Amount })];

    /// <summary>Takes out what <paramref name="ready"/> says need not wait longer.</summary>
    public IReadOnlyList<Increment> Release(Func<Flow, DateTimeOffset, bool> ready)
    {
        var released = _waiting.Where(held => ready(held.Key.Flow, held.Value.Since)).Select(held => held.Key with { Amount = held.Value.Amount }).ToList();
        foreach (var increment in released) _waiting.Remove(increment with { Amount = 0 });
        return released;
    }

    public void Save(BinaryWriter to) => to.WriteAll(_waiting, held =>
    {
        to.Write(held.Key with { Amount = held.Value.Amount });
        to.Write(held.Value.Since);
    });

    public void Load(BinaryReader from)
    {
        foreach (var (increment, since) in from.ReadAll(() => (from.ReadIncrement(), from.ReadInstant())))
            _waiting[increment with { Amount = 0 }] = (increment.Amount, since);
    }
}
