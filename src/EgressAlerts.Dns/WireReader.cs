using System.Buffers.Binary;
using System.Text;

namespace EgressAlerts.Dns;

/// <summary>Reads a DNS message without ever leaving it; everything that does not fit makes <see cref="Broken"/> true. Hot code.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> message)
{
    private const int MaxName = 255;

    private readonly ReadOnlySpan<byte> _message = message;

    public int Position { get; set; }

    public bool Broken { get; private set; }

    public byte Byte() => Need(1) ? _message[Position++] : (byte)0;

    public ushort UInt16()
    {
        if (!Need(2)) return 0;
        var value = BinaryPrimitives.ReadUInt16BigEndian(_message[Position..]);
        Position += 2;
        return value;
    }

    public uint UInt32()
    {
        if (!Need(4)) return 0;
        var value = BinaryPrimitives.ReadUInt32BigEndian(_message[Position..]);
        Position += 4;
        return value;
    }

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (!Need(count)) return [];
        Position += count;
        return _message.Slice(Position - count, count);
    }

    /// <summary>A name in lower case, its labels joined by dots, unusual bytes as <c>\DDD</c>. Compression pointers may only point
    /// backwards, so that following them ends.</summary>
    public string Name()
    {
        var text = new StringBuilder();
        var (at, end, length) = (Position, -1, 0);
        while (true)
        {
            if (at >= _message.Length) return Break();
            var size = _message[at];
            if ((size & 0xC0) == 0xC0)
            {
                if (at + 1 >= _message.Length) return Break();
                var target = ((size & 0x3F) << 8) | _message[at + 1];
                if (target >= at) return Break();
                if (end < 0) end = at + 2;
                at = target;
                // A pointer costs one octet here, which bounds the hops.
                if (++length > MaxName) return Break();
                continue;
            }

            if ((size & 0xC0) != 0 || at + 1 + size > _message.Length) return Break();
            length += size + 1;
            if (length > MaxName) return Break();
            if (size == 0) break;
            if (text.Length > 0) text.Append('.');
            Append(text, _message.Slice(at + 1, size));
            at += size + 1;
        }

        Position = end < 0 ? at + 1 : end;
        return text.ToString();
    }

    private static void Append(StringBuilder text, ReadOnlySpan<byte> label)
    {
        foreach (var octet in label)
        {
            if (octet is >= (byte)'A' and <= (byte)'Z') text.Append((char)(octet | 0x20));
            else if (octet is > 32 and < 127 and not (byte)'.' and not (byte)'\\') text.Append((char)octet);
            else text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\{octet:000}");
        }
    }

    private string Break()
    {
        Broken = true;
        return "";
    }

    private bool Need(int count)
    {
        if (!Broken && count >= 0 && Position + count <= _message.Length) return true;
        Broken = true;
        return false;
    }
}
