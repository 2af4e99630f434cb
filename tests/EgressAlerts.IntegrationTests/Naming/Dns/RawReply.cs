using System.Buffers.Binary;
using System.Text;

namespace EgressAlerts.IntegrationTests.Naming.Dns;

/// <summary>Writes replies byte by byte, also ones that no server would write.</summary>
internal static class RawReply
{
    public const ushort A = 1;
    public const ushort Cname = 5;
    public const ushort Soa = 6;
    public const ushort Ptr = 12;

    /// <summary>A pointer to the question's name.</summary>
    public static readonly byte[] Asked = [0xC0, 12];

    /// <summary>A reply to the query, whose question it repeats.</summary>
    /// <param name="flags">The header's fourth byte: 0x80 (recursion available) and the response code.</param>
    public static byte[] To(byte[] query, byte flags, params byte[][] answers) =>
        [.. Head(query, flags, answers.Length, 0), .. answers.SelectMany(answer => answer)];

    /// <summary>A reply whose only record stands in the authority section.</summary>
    public static byte[] Absence(byte[] query, byte flags, byte[] soa) => [.. Head(query, flags, 0, 1), .. soa];

    public static byte[] Record(byte[] owner, ushort type, byte[] data, uint ttl = 60, ushort kind = 1)
    {
        var head = new byte[10];
        BinaryPrimitives.WriteUInt16BigEndian(head, type);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(2), kind);
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(4), ttl);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(8), (ushort)data.Length);
        return [.. owner, .. head, .. data];
    }

    public static byte[] Label(string text) => [(byte)Encoding.Latin1.GetByteCount(text), .. Encoding.Latin1.GetBytes(text)];

    public static byte[] Name(string name) => [.. name.Split('.').SelectMany(Label), 0];

    public static byte[] SoaData(byte minimum) => [0, 0, .. new byte[16], 0, 0, 0, minimum];

    private static byte[] Head(byte[] query, byte flags, int answers, int authorities) =>
        [query[0], query[1], 0x81, flags, 0, 1, (byte)(answers >> 8), (byte)answers, 0, (byte)authorities, 0, 0, .. query[12..]];
}
