using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EgressAlerts.Storage;

/// <summary>Arrays of numbers as the database holds them, little-endian.</summary>
public static class Packed
{
    private const int DifferenceBytes = sizeof(int) + sizeof(double);

    public static byte[] Bytes<T>(ReadOnlySpan<T> numbers)
        where T : unmanaged => MemoryMarshal.AsBytes(numbers).ToArray();

    /// <param name="blob">A column's value.</param>
    /// <param name="count">How many there have to be; null where any number will do.</param>
    /// <exception cref="FormatException">There are more or fewer.</exception>
    /// <exception cref="InvalidCastException">It is no array of bytes.</exception>
    public static T[] Numbers<T>(object blob, int? count = null)
        where T : unmanaged
    {
        var numbers = MemoryMarshal.Cast<byte, T>((byte[])blob).ToArray();
        return count is null || numbers.Length == count ? numbers : throw new FormatException($"there are {numbers.Length} numbers where there should be {count}");
    }

    /// <summary>Only the numbers that differ from others: of each its place in 32 bits, then itself in 64.</summary>
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

    /// <exception cref="FormatException">They are not differences from so many numbers.</exception>
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
