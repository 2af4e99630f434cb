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

    /// <summary>Goes past a name that is well formed. Compression pointers may only point backwards, so that following them ends.</summary>
    public void SkipName()
    {
        var (at, end, length) = (Position, -1, 0);
        while (true)
        {
            if (at >= _message.Length)
            {
                Broken = true;
                return;
            }

            var size = _message[at];
            if ((size & 0xC0) == 0xC0)
            {
                var target = at + 1 < _message.Length ? ((size & 0x3F) << 8) | _message[at + 1] : at;
                // A pointer costs one octet here, which bounds the hops.
                if (target >= at || ++length > MaxName)
                {
                    Broken = true;
                    return;
                }

                if (end < 0) end = at + 2;
                at = target;
                continue;
            }

            length += size + 1;
            if ((size & 0xC0) != 0 || at + 1 + size > _message.Length || length > MaxName)
            {
                Broken = true;
                return;
            }

            at += size + 1;
            if (size == 0) break;
        }

        Position = end < 0 ? at : end;
    }

    /// <summary>The text of a name that <see cref="SkipName"/> has found well formed: lower case, its labels joined by dots, unusual bytes as <c>\DDD</c>.</summary>
    public static string NameAt(ReadOnlySpan<byte> message, int at)
    {
        Span<char> text = stackalloc char[MaxName * 4];
        var length = 0;
        for (var label = Label(message, ref at); label.Length > 0; label = Label(message, ref at))
        {
            if (length > 0) text[length++] = '.';
            foreach (var octet in label)
            {
                if (octet is >= (byte)'A' and <= (byte)'Z') text[length++] = (char)(octet | 0x20);
                else if (octet is > 32 and < 127 and not (byte)'.' and not (byte)'\\') text[length++] = (char)octet;
                else
                {
                    text[length++] = '\\';
                    octet.TryFormat(text[length..], out var digits, "000", System.Globalization.CultureInfo.InvariantCulture);
                    length += digits;
                }
            }
        }

        return new string(text[..length]);
    }

    /// <summary>Whether two names that <see cref="SkipName"/> has found well formed are the same; case does not count.</summary>
    public static bool SameName(ReadOnlySpan<byte> message, int one, int other)
    {
        while (one != other)
        {
            var a = Label(message, ref one);
            var b = Label(message, ref other);
            if (!Ascii.EqualsIgnoreCase(a, b)) return false;
            if (a.Length == 0) return true;
        }

        return true;
    }

    /// <summary>The label at a place, following pointers, and the place after it; empty at a name's end.</summary>
    private static ReadOnlySpan<byte> Label(ReadOnlySpan<byte> message, ref int at)
    {
        while ((message[at] & 0xC0) == 0xC0) at = ((message[at] & 0x3F) << 8) | message[at + 1];
        var label = message.Slice(at + 1, message[at]);
        at += label.Length + 1;
        return label;
    }

    private bool Need(int count)
    {
        if (!Broken && count >= 0 && Position + count <= _message.Length) return true;
        Broken = true;
        return false;
    }
}
