using System.Buffers.Binary;
using System.Net;
using System.Text;
using EgressAlerts.Model;

namespace EgressAlerts.Dns;

/// <summary>Writes questions and reads replies (RFC 1035; EDNS0 of RFC 6891 with 1232 bytes, the size that does not fragment).</summary>
internal static class DnsMessage
{
    public const int HeaderBytes = 12;
    private const int UdpPayload = 1232;
    private const int MaxAliases = 8;
    private const int MaxRecords = 64;
    private const int MaxNameText = 253;
    private const ushort Internet = 1;

    /// <summary>Priority, weight and port, which stand before the target of an SRV record (RFC 2782).</summary>
    private const int ServiceBytes = 6;

    /// <summary>Writes a question with recursion desired; after <see cref="HeaderBytes"/> follows exactly one question. The id is zero.</summary>
    /// <returns>Its length; zero where the name cannot be written: labels have 1 to 63 octets, names at most 255.</returns>
    public static int WriteQuestion(Span<byte> message, string name, RecordType type, bool edns)
    {
        if (name.Length is 0 or > MaxNameText) return 0;
        var at = HeaderBytes;
        foreach (var range in name.AsSpan().Split('.'))
        {
            var label = name.AsSpan(range);
            if (label.Length is 0 or > 63) return 0;
            message[at++] = (byte)label.Length;
            at += Encoding.ASCII.GetBytes(label, message[at..]);
        }

        message[at++] = 0;
        message[..HeaderBytes].Clear();
        message[2] = 1; // RD
        message[5] = 1; // QDCOUNT
        BinaryPrimitives.WriteUInt16BigEndian(message[at..], (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(message[(at + 2)..], Internet);
        at += 4;
        if (!edns) return at;
        message[11] = 1; // ARCOUNT
        message.Slice(at, 11).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(message[(at + 1)..], (ushort)RecordType.Opt);
        BinaryPrimitives.WriteUInt16BigEndian(message[(at + 3)..], UdpPayload);
        return at + 11;
    }

    /// <summary>The bytes of a question's only question: name, type and class.</summary>
    public static ReadOnlySpan<byte> QuestionSection(ReadOnlySpan<byte> query)
    {
        var at = HeaderBytes;
        while (query[at] != 0) at += query[at] + 1;
        return query[HeaderBytes..(at + 5)];
    }

    /// <summary>Why a datagram is no reply to <paramref name="query"/>, or null where it is one. Ids are compared by the caller.</summary>
    public static string? Unwanted(ReadOnlySpan<byte> reply, ReadOnlySpan<byte> query)
    {
        if (reply.Length < HeaderBytes) return "short";
        if ((reply[2] & 0x80) == 0 || (reply[2] & 0x78) != 0) return "not_a_reply";
        // A server that could not read the question answers FORMERR with the header alone.
        if (BinaryPrimitives.ReadUInt16BigEndian(reply[4..]) == 0 && ResponseCode(reply) == 1) return null;
        var question = QuestionSection(query);
        if (BinaryPrimitives.ReadUInt16BigEndian(reply[4..]) != 1 || reply.Length < HeaderBytes + question.Length) return "other_question";
        return EqualIgnoringCase(reply.Slice(HeaderBytes, question.Length), question) ? null : "other_question";
    }

    public static int ResponseCode(ReadOnlySpan<byte> reply) => reply[3] & 0x0F;

    public static bool IsTruncated(ReadOnlySpan<byte> reply) => (reply[2] & 0x02) != 0;

    /// <summary>Reads a whole reply to a question of <paramref name="type"/>; <paramref name="alias"/> is where a chain of aliases ends without a record.</summary>
    public static DnsReply Read(ReadOnlySpan<byte> reply, RecordType type, out string? alias)
    {
        alias = null;
        var code = ResponseCode(reply);
        if (code is not (0 or 3)) return DnsReply.Failed(FailureWord(code));

        var reader = new WireReader(reply) { Position = 6 };
        int answers = reader.UInt16(), authorities = reader.UInt16();
        reader.Position = HeaderBytes;
        var owner = reader.Position;
        reader.SkipName();
        reader.Position += 4;

        // Where they stand; names are compared in the message and only those that are used become text.
        Span<Found> aliases = stackalloc Found[MaxAliases];
        Span<Found> records = stackalloc Found[MaxRecords];
        var (aliasCount, recordCount) = (0, 0);
        TimeSpan? absence = null;
        for (var i = 0; i < answers + authorities && !reader.Broken; i++)
        {
            var name = reader.Position;
            reader.SkipName();
            var kind = (RecordType)reader.UInt16();
            var isInternet = reader.UInt16() == Internet;
            var ttl = reader.UInt32();
            if (ttl > int.MaxValue) ttl = 0; // RFC 2181, section 8
            var length = reader.UInt16();
            var data = reader.Position;
            reader.Bytes(length);
            if (reader.Broken) break;
            var end = reader.Position;
            reader.Position = data;
            if (!isInternet) { }
            else if (i >= answers) absence ??= kind == RecordType.Soa ? Absence(ref reader, ttl) : null;
            else if (kind == RecordType.Cname || (kind == type && type == RecordType.Ptr)) reader.SkipName();
            else if (kind == type && type == RecordType.Srv) SkipService(ref reader);
            if (reader.Position > end) return DnsReply.Failed("malformed");
            reader.Position = end;
            if (!isInternet || i >= answers) continue;
            if (kind == RecordType.Cname && aliasCount < MaxAliases) aliases[aliasCount++] = new(name, ttl, data, length);
            else if (kind == type && recordCount < MaxRecords) records[recordCount++] = new(name, ttl, data, length);
        }

        if (reader.Broken) return DnsReply.Failed("malformed");
        var least = uint.MaxValue;
        for (var hops = 0; IndexOf(reply, aliases[..aliasCount], owner) is >= 0 and var next; hops++)
        {
            if (hops == MaxAliases) return DnsReply.Failed("alias_loop");
            (owner, least) = (aliases[next].Data, Math.Min(least, aliases[next].Ttl));
            alias = "";
        }

        var (names, addresses) = (new List<string>(type == RecordType.Ptr ? 1 : 0), new List<IPAddress>(type == RecordType.Ptr ? 0 : 1));
        var services = new List<(string, int)>(0);
        var (any, refused) = (false, 0);
        foreach (ref readonly var record in records[..recordCount])
        {
            if (!WireReader.SameName(reply, record.Owner, owner)) continue;
            (any, least) = (true, Math.Min(least, record.Ttl));
            if ((type == RecordType.A && record.Length == 4) || (type == RecordType.Aaaa && record.Length == 16)) addresses.Add(new IPAddress(reply.Slice(record.Data, record.Length)));
            if (type is not (RecordType.Ptr or RecordType.Srv)) continue;
            var name = WireReader.NameAt(reply, record.Data + (type == RecordType.Srv ? ServiceBytes : 0));
            if (!IsHostName(name)) refused++;
            else if (type == RecordType.Srv) services.Add((name, BinaryPrimitives.ReadUInt16BigEndian(reply[(record.Data + 4)..])));
            else if (!names.Contains(name)) names.Add(name);
        }

        alias = !any && alias is not null ? WireReader.NameAt(reply, owner) : null;
        return any ? new DnsReply(DnsOutcome.Answer, names, addresses, TimeSpan.FromSeconds(least), "") { Refused = refused, Services = services } : DnsReply.Absent(absence ?? TimeSpan.Zero);
    }

    /// <summary>Reverse zones hold whatever their owner wrote: only what looks like a host name may become one.</summary>
    public static bool IsHostName(string name)
    {
        if (LabelText.Host(name) == Words.Invalid || name.Contains('*', StringComparison.Ordinal) || !name.Contains('.', StringComparison.Ordinal)) return false;
        if (name.EndsWith(".arpa", StringComparison.Ordinal) || IPAddress.TryParse(name, out _)) return false;
        var top = name.AsSpan(name.LastIndexOf('.') + 1);
        if (top.Length == 0 || !top.ContainsAnyExceptInRange('0', '9')) return false;
        foreach (var label in name.AsSpan().Split('.'))
        {
            if (label.End.Value - label.Start.Value is 0 or > 63) return false;
        }

        return true;
    }

    private static int IndexOf(ReadOnlySpan<byte> reply, ReadOnlySpan<Found> records, int owner)
    {
        for (var i = 0; i < records.Length; i++)
        {
            if (WireReader.SameName(reply, records[i].Owner, owner)) return i;
        }

        return -1;
    }

    private static TimeSpan Absence(ref WireReader reader, uint ttl)
    {
        reader.SkipName();
        reader.SkipName();
        reader.Bytes(16);
        return TimeSpan.FromSeconds(Math.Min(ttl, reader.UInt32()));
    }

    private static void SkipService(ref WireReader reader)
    {
        reader.Bytes(ServiceBytes);
        reader.SkipName();
    }

    private static bool EqualIgnoringCase(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => Ascii.EqualsIgnoreCase(a, b);

    private static string FailureWord(int code) => code switch
    {
        1 => "formerr",
        2 => "servfail",
        5 => "refused",
        _ => "rcode",
    };

    /// <summary>Where a record's owner and data stand in the message.</summary>
    private readonly record struct Found(int Owner, uint Ttl, int Data, int Length);
}
