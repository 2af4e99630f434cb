using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EgressAlerts.MeshSimulator;

/// <summary>Makes the bytes of replies, good and bad.</summary>
internal static class DnsReplies
{
    private const ushort A = 1;
    private const ushort Cname = 5;
    private const ushort Soa = 6;
    private const ushort Ptr = 12;
    private const ushort Aaaa = 28;

    /// <summary>The reply to a query, or null where the zone stays silent.</summary>
    public static (byte[] Reply, TimeSpan After)? To(ReadOnlySpan<byte> query, DnsZone zone, bool tcp)
    {
        if (query.Length < 17) return null;
        var name = Name(query, out var end);
        var type = BinaryPrimitives.ReadUInt16BigEndian(query[end..]);
        var question = query[12..(end + 4)];
        if (type != Ptr) return (Forward(query, question, zone, name, type), TimeSpan.Zero);
        if (Address(name) is not { } address || zone.Find(address) is not { } known) return (Reply(query, question, rcode: 3, [], zone.Ttl), TimeSpan.Zero);
        return known.Behaviour switch
        {
            DnsBehaviour.Silent => null,
            DnsBehaviour.Servfail => (Reply(query, question, rcode: 2, [], 0), TimeSpan.Zero),
            DnsBehaviour.Refused => (Reply(query, question, rcode: 5, [], 0), TimeSpan.Zero),
            DnsBehaviour.Slow => (Reply(query, question, 0, Pointers(known.Names), zone.Ttl), zone.SlowBy),
            DnsBehaviour.Truncated when !tcp => (Truncated(query, question), TimeSpan.Zero),
            DnsBehaviour.Delegated => (Delegated(query, question, name, known.Names, zone.Ttl), TimeSpan.Zero),
            DnsBehaviour.Hostile => (Reply(query, question, 0, Hostile(), zone.Ttl), TimeSpan.Zero),
            DnsBehaviour.Rubbish => ([.. query[..2], .. "<html>502 Bad Gateway</html>"u8], TimeSpan.Zero),
            _ => (Reply(query, question, 0, Pointers(known.Names), zone.Ttl), TimeSpan.Zero),
        };
    }

    private static byte[] Forward(ReadOnlySpan<byte> query, ReadOnlySpan<byte> question, DnsZone zone, string name, ushort type)
    {
        var addresses = zone.Addresses(name);
        var records = addresses
            .Where(address => type == (address.AddressFamily == AddressFamily.InterNetwork ? A : Aaaa))
            .Select(address => (type, address.GetAddressBytes()))
            .ToList();
        return Reply(query, question, addresses.Count == 0 ? 3 : 0, records, zone.Ttl);
    }

    private static List<(ushort Type, byte[] Data)> Pointers(IReadOnlyList<string> names) => [.. names.Select(name => (Ptr, Wire(name)))];

    private static List<(ushort Type, byte[] Data)> Hostile() =>
    [
        (Ptr, [.. Label("\"><script>alert(1)</script>"), .. Wire("example.net")]),
        (Ptr, [.. Label("bell\a\n{{.}}"), .. Wire("example.net")]),
        (Ptr, Wire("10.0.0.1")),
        (Ptr, Wire("1.0.0.10.in-addr.arpa")),
        (Ptr, Wire("localhost")),
    ];

    private static byte[] Truncated(ReadOnlySpan<byte> query, ReadOnlySpan<byte> question)
    {
        var reply = Reply(query, question, 0, [], 0);
        reply[2] |= 2;
        return reply;
    }

    private static byte[] Delegated(ReadOnlySpan<byte> query, ReadOnlySpan<byte> question, string name, IReadOnlyList<string> names, uint ttl)
    {
        var target = $"{name[..name.IndexOf('.')]}.0-63.{name[(name.IndexOf('.') + 1)..]}";
        using var reply = new MemoryStream();
        Header(reply, query, question, 0, answers: 1 + names.Count, authorities: 0);
        Record(reply, [0xC0, 12], Cname, Wire(target), ttl);
        foreach (var host in names) Record(reply, Wire(target), Ptr, Wire(host), ttl);
        return reply.ToArray();
    }

    private static byte[] Reply(ReadOnlySpan<byte> query, ReadOnlySpan<byte> question, int rcode, IReadOnlyList<(ushort Type, byte[] Data)> answers, uint ttl)
    {
        using var reply = new MemoryStream();
        var isAbsent = answers.Count == 0 && rcode is 0 or 3;
        Header(reply, query, question, rcode, answers.Count, isAbsent ? 1 : 0);
        foreach (var (type, data) in answers) Record(reply, [0xC0, 12], type, data, ttl);
        if (isAbsent) Record(reply, [0], Soa, (byte[])[0, 0, .. new byte[16], 0, 0, 0, 60], ttl);
        return reply.ToArray();
    }

    private static void Header(MemoryStream reply, ReadOnlySpan<byte> query, ReadOnlySpan<byte> question, int rcode, int answers, int authorities)
    {
        reply.Write([query[0], query[1], 0x81, (byte)(0x80 | rcode), 0, 1, 0, (byte)answers, 0, (byte)authorities, 0, 0]);
        reply.Write(question);
    }

    private static void Record(MemoryStream reply, ReadOnlySpan<byte> owner, ushort type, ReadOnlySpan<byte> data, uint ttl)
    {
        Span<byte> head = stackalloc byte[10];
        BinaryPrimitives.WriteUInt16BigEndian(head, type);
        head[3] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(head[4..], ttl);
        BinaryPrimitives.WriteUInt16BigEndian(head[8..], (ushort)data.Length);
        reply.Write(owner);
        reply.Write(head);
        reply.Write(data);
    }

    private static byte[] Label(string text) => [(byte)Encoding.Latin1.GetByteCount(text), .. Encoding.Latin1.GetBytes(text)];

    private static byte[] Wire(string name) => [.. name.Split('.').SelectMany(Label), 0];

    private static string Name(ReadOnlySpan<byte> message, out int end)
    {
        var labels = new List<string>();
        var at = 12;
        for (; at < message.Length && message[at] != 0; at += message[at] + 1) labels.Add(Encoding.Latin1.GetString(message.Slice(at + 1, message[at])));
        end = at + 1;
        return string.Join('.', labels);
    }

    private static IPAddress? Address(string name)
    {
        var labels = name.ToLowerInvariant().Split('.');
        if (name.EndsWith("in-addr.arpa", StringComparison.OrdinalIgnoreCase) && labels.Length == 6)
        {
            return IPAddress.Parse(string.Join('.', labels.Take(4).Reverse()));
        }

        if (!name.EndsWith("ip6.arpa", StringComparison.OrdinalIgnoreCase) || labels.Length != 34) return null;
        var nibbles = string.Concat(labels.Take(32).Reverse());
        return new IPAddress(Convert.FromHexString(nibbles));
    }
}
