using System.Net;
using System.Text;
using EgressAlerts.Dns;
using EgressAlerts.MeshSimulator;

namespace EgressAlerts.Tests.Dns;

public sealed class DnsMessageTests
{
    private static readonly byte[] Query = Question("80.188.22.52.in-addr.arpa", RecordType.Ptr);

    [Fact]
    public void A_question_asks_one_thing_with_recursion_and_edns_of_1232_bytes()
    {
        Assert.Equal([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1], Query[..12]);
        Assert.Equal("\x02" + "80\x03" + "188\x02" + "22\x02" + "52\x07in-addr\x04" + "arpa\0\0\x0c\0\x01", Encoding.ASCII.GetString(DnsMessage.QuestionSection(Query)));
        Assert.Equal([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0], Query[^11..]);
    }

    [Theory]
    [InlineData("52.22.188.80", "80.188.22.52.in-addr.arpa")]
    [InlineData("::ffff:52.22.188.80", "80.188.22.52.in-addr.arpa")]
    [InlineData("2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")]
    public void Addresses_have_their_place_in_the_reverse_zones(string address, string name) => Assert.Equal(name, ReverseZone.NameOf(IPAddress.Parse(address)));

    [Fact]
    public void Names_are_read_in_lower_case_and_delegations_are_followed()
    {
        var zone = new DnsZone { Ttl = 300 }.Named("52.22.188.80", "EC2.Example.COM", "b.example.com");
        Assert.Equal(["ec2.example.com", "b.example.com"], Read(zone).Names);
        Assert.Equal(300, Read(zone).Ttl.TotalSeconds);
        Assert.Equal(["host.example.net"], Read(new DnsZone().Reverse("52.22.188.80", DnsBehaviour.Delegated, "host.example.net")).Names);
    }

    [Fact]
    public void An_absence_is_believed_for_as_long_as_the_zone_says()
    {
        var reply = Read(new DnsZone { Ttl = 900 });
        Assert.Equal((DnsOutcome.Negative, 60), (reply.Outcome, reply.Ttl.TotalSeconds));
    }

    [Fact]
    public void Text_that_is_no_host_name_never_becomes_one()
    {
        var reply = Read(new DnsZone().Reverse("52.22.188.80", DnsBehaviour.Hostile));
        Assert.Equal((DnsOutcome.Answer, 0), (reply.Outcome, reply.Names.Count));
    }

    [Theory]
    [InlineData(DnsBehaviour.Servfail, "servfail")]
    [InlineData(DnsBehaviour.Refused, "refused")]
    public void A_server_that_does_not_know_is_a_failure_and_no_absence(DnsBehaviour behaviour, string reason)
    {
        var reply = Read(new DnsZone().Reverse("52.22.188.80", behaviour));
        Assert.Equal((DnsOutcome.Failure, reason), (reply.Outcome, reply.Reason));
    }

    [Theory]
    [InlineData("example.com", true)]
    [InlineData("a_b-c.example.com", true)]
    [InlineData("localhost", false)]
    [InlineData("1.2.3.4", false)]
    [InlineData("host.123", false)]
    [InlineData("4.3.2.1.in-addr.arpa", false)]
    [InlineData("*.example.com", false)]
    [InlineData("a b.example.com", false)]
    [InlineData("", false)]
    public void Host_names_are_told_from_other_text(string name, bool isOne) => Assert.Equal(isOne, DnsMessage.IsHostName(name));

    /// <summary>Whatever arrives, reading it ends, stays inside it, and does not depend on what lies behind it.</summary>
    [Fact]
    public void Every_prefix_and_every_flipped_byte_of_a_reply_is_read_or_refused_cleanly()
    {
        var good = Bytes(new DnsZone().Reverse("52.22.188.80", DnsBehaviour.Delegated, "a.example.net", "b.example.net"));
        for (var length = 12; length < good.Length; length++)
        {
            var reply = DnsMessage.Read(good.AsSpan(0, length), RecordType.Ptr, out _);
            Assert.NotEqual(DnsOutcome.Answer, reply.Outcome);
        }

        for (var at = 0; at < good.Length; at++)
        {
            for (var flip = 1; flip < 256; flip++)
            {
                var bad = good.ToArray();
                bad[at] ^= (byte)flip;
                var alone = DnsMessage.Read(bad, RecordType.Ptr, out var alias);
                var inDirt = DnsMessage.Read(((byte[])[.. bad, .. Enumerable.Repeat((byte)0xC0, 64)]).AsSpan(0, bad.Length), RecordType.Ptr, out var aliasInDirt);
                Assert.Equal((alone.Outcome, alone.Reason, string.Join(' ', alone.Names), alias), (inDirt.Outcome, inDirt.Reason, string.Join(' ', inDirt.Names), aliasInDirt));
            }
        }
    }

    /// <summary>A reply of 512 bytes cannot make us allocate more than a few names' worth, whatever it claims to hold.</summary>
    [Fact]
    public void No_mutated_reply_makes_a_burst_of_allocations()
    {
        const int Most = 16 * 1024;
        var good = Bytes(new DnsZone().Reverse("52.22.188.80", DnsBehaviour.Delegated, "a.example.net", "b.example.net"));
        DnsMessage.Read(good, RecordType.Ptr, out _);
        var (worst, bad) = (0L, new byte[good.Length]);
        for (var at = 0; at < good.Length; at++)
        {
            for (var flip = 1; flip < 256; flip++)
            {
                good.CopyTo(bad, 0);
                bad[at] ^= (byte)flip;
                var before = GC.GetAllocatedBytesForCurrentThread();
                DnsMessage.Read(bad, RecordType.Ptr, out _);
                worst = Math.Max(worst, GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }

        Assert.InRange(worst, 1, Most);
    }

    [Fact]
    public void Compression_may_only_point_backwards()
    {
        foreach (var pointer in (byte[][])[[0xC0, 12], [0xC0, 13], [0xC0, 40], [0xFF, 0xFF], [0x40, 0], [0x80, 0]])
        {
            var reader = new WireReader((byte[])[.. new byte[12], .. pointer, .. new byte[40]]) { Position = 12 };
            reader.SkipName();
            Assert.True(reader.Broken);
        }
    }

    [Fact]
    public void Only_a_reply_to_this_question_is_wanted()
    {
        var good = Bytes(new DnsZone().Named("52.22.188.80", "a.example.net"));
        Assert.Null(DnsMessage.Unwanted(good, Query));
        Assert.Equal("short", DnsMessage.Unwanted(good.AsSpan(0, 11), Query));
        Assert.Equal("not_a_reply", DnsMessage.Unwanted(Query, Query));
        Assert.Equal("other_question", DnsMessage.Unwanted(good, Question("81.188.22.52.in-addr.arpa", RecordType.Ptr)));
        Assert.Equal("other_question", DnsMessage.Unwanted(good, Question("80.188.22.52.in-addr.arpa", RecordType.A)));
    }

    [Fact]
    public void The_systems_servers_are_read_from_resolv_conf() => Assert.Equal(
        [IPEndPoint.Parse("10.96.0.10:53"), IPEndPoint.Parse("[fe80::1%2]:53"), IPEndPoint.Parse("1.1.1.1:53")],
        ResolvConf.Parse(["# comment", "search example.com", "nameserver\t10.96.0.10 ", "nameserver fe80::1%2", "nameserver nonsense", "options ndots:5", "nameserver 1.1.1.1", "nameserver 8.8.8.8"]).Servers);

    [Theory]
    [InlineData("options timeout:1 attempts:3 rotate", 1, 3, true)]
    [InlineData("options attempts:0 timeout:999", 30, 1, false)]
    [InlineData("options attempts: timeout:-1 rotate:x", 0, 0, true)]
    [InlineData("options", 0, 0, false)]
    public void And_so_is_how_they_are_to_be_asked(string line, int timeout, int attempts, bool rotate)
    {
        var read = ResolvConf.Parse([line]);
        Assert.Equal((timeout, attempts, rotate), ((int)(read.Timeout?.TotalSeconds ?? 0), read.Attempts ?? 0, read.Rotate));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("a.b.")]
    [InlineData("a-label-of-more-than-63-octets-which-is-more-than-any-label-may-have.example.com")]
    public void What_cannot_be_a_name_is_not_asked_for(string name) => Assert.Equal(0, DnsMessage.WriteQuestion(new byte[300], name, RecordType.Ptr, edns: true));

    [Fact]
    public void A_name_of_more_than_255_octets_is_not_asked_for() => Assert.Equal(0, DnsMessage.WriteQuestion(new byte[300], string.Join('.', Enumerable.Repeat("abcdefg", 32)), RecordType.Ptr, edns: true));

    private static byte[] Question(string name, RecordType type)
    {
        var message = new byte[300];
        return message[..DnsMessage.WriteQuestion(message, name, type, edns: true)];
    }

    private static DnsReply Read(DnsZone zone) => DnsMessage.Read(Bytes(zone), RecordType.Ptr, out _);

    private static byte[] Bytes(DnsZone zone) => DnsReplies.To(Query, zone, tcp: true)!.Value.Reply;
}
