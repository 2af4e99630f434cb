using System.IO.Compression;

namespace EgressAlerts.Export;

/// <summary>The body of one scrape: the window's part, which is the same until the next window, and what the service says about itself now.</summary>
public sealed class Scrape
{
    private readonly ReadOnlyMemory<byte> _window;
    private readonly ReadOnlyMemory<byte> _self;

    internal Scrape(Snapshot? snapshot, ReadOnlyMemory<byte> window, ReadOnlyMemory<byte> self) => (Snapshot, _window, _self) = (snapshot, window, self);

    internal Snapshot? Snapshot { get; }

    /// <summary>The parts of the body, in their order.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Plain => [_window, _self];

    /// <summary>The whole body in one gzip stream.</summary>
    public ReadOnlyMemory<byte> Compress()
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var part in Plain) gzip.Write(part.Span);
        }

        return compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
    }
}
