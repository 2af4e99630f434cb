using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EgressAlerts.Storage;

/// <summary>Converts arrays of numbers to the bytes in a column, little-endian, and back.</summary>
public static class Packed
{
    private const int DifferenceBytes = sizeof(int) + sizeof(double);

    public static byte[] Bytes<T>(ReadOnlySpan<T> numbers)
        where T : unmanaged => MemoryMarshal.AsBytes(numbers).ToArray();

    /// <param name="blob">The value of a column.</param>
    /// <param name="count">How many numbers it must hold. Null accepts any count.</param>
    /// <exception cref="FormatException">It holds more or fewer numbers.</exception>
    /// <exception cref="InvalidCastException">It is not an array of bytes.</exception>
    public static T[] Numbers<T>(object blob, int? count = null)
        where T : unmanaged
    {
        var numbers = MemoryMarshal.Cast<byte, T>((byte[])blob).ToArray();
        return count is null || numbers.Length == count
            ? numbers
            : throw new FormatException($"there are {numbers.Length} numbers where there should be {count}");
    }

    /// <summary>Packs only the numbers that differ from <paramref name="others"/>: for each its index in 32 bits, then the number in 64 bits.</summary>
    public static byte[] Differences(double[] numbers, double[] others)
    {
        var differing = Enumerable.Range(0, numbers.Length).Where(i => numbers[i] != others[i]).ToList();
        var bytes = new byte[differing.Count * DifferenceBytes];
        foreach (var (at, i) in differing.Index())
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at * DifferenceBytes), i);
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan((at * DifferenceBytes) + sizeof(int)), numbers[i]);
        }

        return bytes;
    }

    /// <summary>Restores the numbers from their differences and the same <paramref name="others"/>.</summary>
    /// <exception cref="FormatException">The bytes are not differences from that many numbers.</exception>
    public static double[] Apply(byte[] differences, double[] others)
    {
        double[] numbers = [.. others];
        if (differences.Length % DifferenceBytes != 0) throw new FormatException($"differences have {differences.Length} bytes");
        for (var at = 0; at < differences.Length; at += DifferenceBytes)
        {
            var i = BinaryPrimitives.ReadInt32LittleEndian(differences.AsSpan(at));
            if ((uint)i >= (uint)numbers.Length) throw new FormatException($"number {i} of {numbers.Length} differs");
            numbers[i] = BinaryPrimitives.ReadDoubleLittleEndian(differences.AsSpan(at + sizeof(int)));
        }

        return numbers;
    }
}
