using System.Buffers;
using EgressAlerts.Model;

namespace EgressAlerts.Export;

/// <summary>Turns each window's counters into bytes once and serves them to any number of scrapes. <see cref="Publish"/> is the pass's;
/// <see cref="Render"/> may be called from any thread.</summary>
public sealed class Exposition(SelfMetrics selfMetrics)
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private const int SmallestBody = 64 << 10;

    private Published? _published;

    /// <summary>The last window's counters; null before the first window.</summary>
    public Admitted? Current => Volatile.Read(ref _published)?.Admitted;

    public void Publish(Admitted admitted)
    {
        // A buffer that grows by doubling would leave several times the body behind in every window.
        var body = new ArrayBufferWriter<byte>(Math.Max(SmallestBody, (_published?.Body.Length ?? 0) * 9 / 8));
        var writer = new ExpositionWriter(body);
        FlowFamilies.Write(writer, admitted);
        AccountingFamilies.Write(writer, admitted);
        Volatile.Write(ref _published, new Published(admitted, body.WrittenMemory));
    }

    /// <summary>The two halves of a scrape's body: the snapshot's bytes, the same until the next window, and what the service says of itself now.</summary>
    public (ReadOnlyMemory<byte> Snapshot, ReadOnlyMemory<byte> Self) Render()
    {
        var self = new ArrayBufferWriter<byte>(16 << 10);
        selfMetrics.Write(new ExpositionWriter(self));
        return (Volatile.Read(ref _published)?.Body ?? default, self.WrittenMemory);
    }

    private sealed record Published(Admitted Admitted, ReadOnlyMemory<byte> Body);
}
