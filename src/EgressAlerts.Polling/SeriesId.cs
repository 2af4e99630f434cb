using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EgressAlerts.Polling;

/// <summary>128 bits that stand for a raw series' whole label set. Cut from SHA-256, because pods choose some of the labels
/// and must not be able to make two series collide.</summary>
internal readonly record struct SeriesId(ulong High, ulong Low)
{
    public static SeriesId Of(ReadOnlySpan<byte> labels)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(labels, hash);
        return new(BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]));
    }

    public override int GetHashCode() => (int)High;
}
