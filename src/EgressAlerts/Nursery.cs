namespace EgressAlerts;

/// <summary>Gives memory back between windows. The collector sizes its youngest generation by the processor's cache, which on a server is several
/// times what this service ever holds; measured at 10,000 raw series: 180 MiB resident without, 130 MiB with. Called by the pass's worker alone.</summary>
internal sealed class Nursery
{
    private const long LeastGarbage = 24 << 20;

    private long _live;
    private long _allocated;

    /// <summary>Collects when what was allocated since the last time outweighs half of what lives; nothing else runs at that moment.</summary>
    public void Tidy()
    {
        var since = GC.GetTotalAllocatedBytes() - _allocated;
        if (since < LeastGarbage + (_live / 2)) return;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        (_live, _allocated) = (GC.GetTotalMemory(forceFullCollection: false), GC.GetTotalAllocatedBytes());
    }
}
