using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace EgressAlerts.Polling;

/// <summary>SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012). Hot code. Keyed, because pods choose some of the labels and must not be able
/// to make two series collide; the key is drawn at random once and lies in the checkpoint with the identities that it made.</summary>
internal readonly record struct SeriesHash(ulong Key0, ulong Key1)
{
    public static SeriesHash Random()
    {
        Span<byte> key = stackalloc byte[16];
        RandomNumberGenerator.Fill(key);
        return new(BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key[8..]));
    }

    public SeriesId Of(ReadOnlySpan<byte> labels)
    {
        var (v0, v1, v2, v3) = (Key0 ^ 0x736f6d6570736575, Key1 ^ 0x646f72616e646f6d ^ 0xee, Key0 ^ 0x6c7967656e657261, Key1 ^ 0x7465646279746573);
        var rest = labels;
        for (; rest.Length >= 8; rest = rest[8..]) Take(BinaryPrimitives.ReadUInt64LittleEndian(rest), ref v0, ref v1, ref v2, ref v3);

        var last = (ulong)labels.Length << 56;
        for (var i = 0; i < rest.Length; i++) last |= (ulong)rest[i] << (8 * i);
        Take(last, ref v0, ref v1, ref v2, ref v3);

        v2 ^= 0xee;
        for (var i = 0; i < 4; i++) Round(ref v0, ref v1, ref v2, ref v3);
        var high = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xdd;
        for (var i = 0; i < 4; i++) Round(ref v0, ref v1, ref v2, ref v3);
        return new(high, v0 ^ v1 ^ v2 ^ v3);
    }

    private static void Take(ulong word, ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v3 ^= word;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= word;
    }

    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v2 += v3;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
