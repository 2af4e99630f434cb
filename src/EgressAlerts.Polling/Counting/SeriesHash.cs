using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace EgressAlerts.Polling;

/// <summary>SipHash-1-3 with 64 bits (Aumasson and Bernstein, 2012), as the hash tables of Rust and Python use it. Hot code.</summary>
/// <remarks>The hash is keyed, because pods choose some of the labels and must not be able to make two series collide. The key is drawn at random
/// once and saved with the identities that it made. Among a million series, two share a hash with a probability of 3 in 100 million.</remarks>
internal readonly record struct SeriesHash(ulong Key0, ulong Key1)
{
    public static SeriesHash Random()
    {
        Span<byte> key = stackalloc byte[16];
        RandomNumberGenerator.Fill(key);
        return new(BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key[8..]));
    }

    public ulong Compute(ReadOnlySpan<byte> bytes)
    {
        var (v0, v1, v2, v3) = (Key0 ^ 0x736f6d6570736575, Key1 ^ 0x646f72616e646f6d, Key0 ^ 0x6c7967656e657261, Key1 ^ 0x7465646279746573);
        var rest = bytes;
        for (; rest.Length >= 8; rest = rest[8..]) Take(BinaryPrimitives.ReadUInt64LittleEndian(rest), ref v0, ref v1, ref v2, ref v3);

        var last = (ulong)bytes.Length << 56;
        for (var i = 0; i < rest.Length; i++) last |= (ulong)rest[i] << (8 * i);
        Take(last, ref v0, ref v1, ref v2, ref v3);

        v2 ^= 0xff;
        for (var i = 0; i < 3; i++) Round(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static void Take(ulong word, ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v3 ^= word;
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
