using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace EgressAlerts.Export;

/// <summary>One gzip stream (RFC 1952) of a part that is compressed once and a part that is new in each scrape.</summary>
/// <remarks>The first part ends in a flush, at a byte boundary and without the mark of the last block (RFC 1951, section 3.2.3): another one's blocks may follow.</remarks>
internal sealed class GzipBody
{
    private static readonly byte[] Header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff];

    private static readonly byte[] LastBlock = [3, 0];

    private readonly uint _crc;
    private readonly uint _length;

    public GzipBody(ReadOnlySpan<byte> first)
    {
        var compressed = new MemoryStream(Math.Max(1024, first.Length / 12));
        compressed.Write(Header);
        using (var deflate = new DeflateStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(first);
            deflate.Flush();
            First = compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
        }

        (_crc, _length) = (Crc32.Append(0, first), (uint)first.Length);
    }

    /// <summary>The header and the compressed first part.</summary>
    public ReadOnlyMemory<byte> First { get; }

    /// <summary>The rest of the stream.</summary>
    public ReadOnlyMemory<byte> Rest(ReadOnlySpan<byte> second)
    {
        using var compressed = new MemoryStream(Math.Max(1024, second.Length / 8));
        if (second.IsEmpty) compressed.Write(LastBlock); // Of nothing .NET makes no block at all.
        using (var deflate = new DeflateStream(compressed, CompressionLevel.Fastest, leaveOpen: true)) deflate.Write(second);
        Span<byte> trailer = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, Crc32.Append(_crc, second));
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], _length + (uint)second.Length);
        compressed.Write(trailer);
        return compressed.ToArray();
    }
}
