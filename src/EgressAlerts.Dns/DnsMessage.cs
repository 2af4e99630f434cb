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
    private const int MaxNames = 64;

    /// <summary>A question with recursion desired; the first <see cref="HeaderBytes"/> are followed by exactly one question.</summary>
    /// <exception cref="ArgumentException">The name cannot be written.</exception>
    public static byte[] Question(string name, RecordType type, bool edns)
    {
        var message = new byte[HeaderBytes + name.Length + 2 + 4 + (edns ? 11 : 0)];
        var at = HeaderBytes;
        foreach (var label in name.Split('.'))
        {
            if (label.Length is 0 or > 63) throw new ArgumentException("a label of a DNS name has 1 to 63 octets", nameof(name));
            message[at++] = (byte)label.Length;
            at += Encoding.ASCII.GetBytes(label, message.AsSpan(at));
        }

        if (at - HeaderBytes + 1 > 255) throw new ArgumentException("a DNS name has at most 255 octets", nameof(name));
        at++;
        message[2] = 1; // RD
        message[5] = 1; // QDCOUNT
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at), (ushort)type);
        message[at + 3] = 1; // IN
        at += 4;
        if (!edns) return message;
        message[11] = 1; // ARCOUNT
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 1), (ushort)RecordType.Opt);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 3), UdpPayload);
        return message;
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
        var owner = reader.Name();
        reader.Position += 4;

        var aliases = new Dictionary<string, (string Target, uint Ttl)>();
        var found = new List<(string Owner, uint Ttl, string Name, IPAddress? Address)>();
        TimeSpan? absence = null;
        for (var i = 0; i < answers + authorities && !reader.Broken; i++)
        {
            var name = reader.Name();
            var kind = (RecordType)reader.UInt16();
            var isInternet = reader.UInt16() == 1;
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
            else if (kind == RecordType.Cname) aliases.TryAdd(name, (reader.Name(), ttl));
            else if (kind == type && found.Count < MaxNames) found.Add((name, ttl, type == RecordType.Ptr ? reader.Name() : "", Address(ref reader, type, length)));
            if (reader.Position > end) return DnsReply.Failed("malformed");
            reader.Position = end;
        }

        if (reader.Broken) return DnsReply.Failed("malformed");
        var least = uint.MaxValue;
        for (var hops = 0; aliases.Remove(owner, out var next); hops++)
        {
            if (hops == MaxAliases) return DnsReply.Failed("alias_loop");
            (owner, least) = (next.Target, Math.Min(least, next.Ttl));
            alias = owner;
        }

        var records = found.Where(record => record.Owner == owner).ToList();
        if (records.Count == 0) return DnsReply.Absent(absence ?? TimeSpan.Zero);
        alias = null;
        least = Math.Min(least, records.Min(record => record.Ttl));
        var names = records.Select(record => record.Name).Where(IsHostName).Distinct().ToList();
        var addresses = records.Select(record => record.Address).OfType<IPAddress>().ToList();
        return new DnsReply(DnsOutcome.Answer, names, addresses, TimeSpan.FromSeconds(least), "");
    }

    /// <summary>Reverse zones hold whatever their owner wrote: only what looks like a host name may become one.</summary>
    internal static bool IsHostName(string name)
    {
        if (LabelText.Host(name) == Words.Invalid || name.Contains('*', StringComparison.Ordinal) || !name.Contains('.', StringComparison.Ordinal)) return false;
        if (name.EndsWith(".arpa", StringComparison.Ordinal) || IPAddress.TryParse(name, out _)) return false;
        var top = name[(name.LastIndexOf('.') + 1)..];
        return top.Length > 0 && !top.All(char.IsAsciiDigit) && name.Split('.').All(label => label.Length is > 0 and <= 63);
    }

    private static IPAddress? Address(ref WireReader reader, RecordType type, int length) => (type, length) switch
    {
        (RecordType.A, 4) or (RecordType.Aaaa, 16) => new IPAddress(reader.Bytes(length)),
        _ => null,
    };

    private static TimeSpan Absence(ref WireReader reader, uint ttl)
    {
        reader.Name();
        reader.Name();
        reader.Bytes(16);
        return TimeSpan.FromSeconds(Math.Min(ttl, reader.UInt32()));
    }

    private static bool EqualIgnoringCase(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => Ascii.EqualsIgnoreCase(a, b);

    private static string FailureWord(int code) => code switch
    {
        1 => "formerr",
        2 => "servfail",
        5 => "refused",
        _ => "rcode",
    };
}
