using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using EgressAlerts.Dns;
using EgressAlerts.Measuring;
using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Naming;

public sealed class MaxMindDbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(24, 4)]
    [InlineData(24, 6)]
    [InlineData(28, 6)]
    [InlineData(32, 4)]
    [InlineData(32, 6)]
    public void Owner_and_country_are_found_in_every_layout(int recordBits, int version)
    {
        var db = new MaxMindDb(Write(Sample(recordBits, version)));
        Assert.Equal(new GeoRecord(16509, "AMAZON-02, Inc. \"A\"", "IE"), db.Find(IPAddress.Parse("52.22.188.80")));
        Assert.Equal(new GeoRecord(64500, "AMAZON-02, Inc. \"A\"", "US"), db.Find(IPAddress.Parse("52.22.200.1"))); // Its owner's text by a pointer.
        Assert.Equal(GeoRecord.None, db.Find(IPAddress.Parse("9.9.9.9")));
        Assert.Equal(version == 6 ? new GeoRecord(64501, "v6", "") : GeoRecord.None, db.Find(IPAddress.Parse("2001:db8::1")));
    }

    [Fact]
    public async Task The_reference_reader_reads_what_these_tests_write()
    {
        var (exit, output) = await Tool.RunAsync("mmdblookup", ["--file", Write(Sample(28, 6)), "--ip", "52.22.188.80", "autonomous_system_number"]);
        Assert.True(exit == 0 && output.Contains("16509 <uint32>", StringComparison.Ordinal), output);
    }

    [Fact]
    public async Task It_says_owner_network_and_region_where_no_network_of_the_users_does()
    {
        var metrics = new MetricRegistry();
        await using var lookups = new Lookups(new DnsOptions { Servers = [new IPEndPoint(IPAddress.Loopback, 9)] }, new DnsMetrics(metrics), TimeProvider.System);
        var options = new NamingOptions { CheckClaims = false, GeoFiles = [new GeoSource(Write(Sample(24, 6)))], Networks = [new Network("partner", IPNetwork.Parse("52.22.200.0/24"), "alliances", "eu")] };
        var increments = ((string[])["52.22.188.80", "52.22.200.1", "9.9.9.9"])
            .Select(address => new Increment(new Flow(new Workload("a", "b"), new RawDestination(IPAddress.Parse(address), "", "", "claimed.example.com", ""), Route.Passthrough, Protocol.Tcp), Metric.UploadBytes, "", "", 1));
        var namer = new Namer(options, lookups, TimeProvider.System, new ListLogger<Namer>());
        var named = await namer.NameAsync(new Reading(default, Baseline: false, [.. increments], new Accounts(default, [])), CancellationToken.None);
        Assert.Equal(
            [
                new("claimed.example.com", NameSource.Host, Confirmed: false, "AMAZON-02, Inc. \"A\"", "AS16509", "IE", "example.com", "example.com"),
                new("partner", NameSource.Network, Confirmed: true, "alliances", "partner", "eu"),
                new Destination("claimed.example.com", NameSource.Host, Confirmed: false, "", "", "", "example.com", "example.com"),
            ],
            named.Settled.Select(increment => increment.Destination));
    }

    [Theory]
    [InlineData("", "this is no MaxMind DB: its metadata is not there")]
    [InlineData("junk", "this is no MaxMind DB: its metadata is not there")]
    [InlineData("\u00ab\u00cd\u00efMaxMind.com", "this MaxMind DB is corrupt: 0 nodes of 0 bits for IPv0")]
    public void What_is_no_database_is_refused_with_a_reason(string content, string reason)
    {
        var error = Assert.Throws<InvalidDataException>(() => new MaxMindDb(Write(Encoding.Latin1.GetBytes(content))));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_refused_too() =>
        Assert.Contains("this cannot be read", Assert.Throws<InvalidDataException>(() => new MaxMindDb(_folder.File("nowhere.mmdb"))).Message, StringComparison.Ordinal);

    /// <summary>Whatever a byte is changed to, and wherever the file is cut, it is refused or gives some answer.</summary>
    [Fact]
    public void A_corrupt_database_never_crashes()
    {
        var good = Sample(28, 6);
        IPAddress[] addresses = [.. ((string[])["52.22.188.80", "52.22.200.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::", "ffff::"]).Select(IPAddress.Parse)];
        var file = _folder.File("bad.mmdb");
        for (var at = 0; at < good.Length; at++)
        {
            foreach (var value in (byte[])[0, 0x20, 0x38, 0x7f, 0xe1, 0xff, (byte)(good[at] + 1)])
            {
                var bad = good.ToArray();
                bad[at] = value;
                Try(bad);
            }

            Try(good[..at]);
        }

        void Try(byte[] bytes)
        {
            File.WriteAllBytes(file, bytes);
            try
            {
                var db = new MaxMindDb(file);
                foreach (var address in addresses) db.Find(address);
            }
            catch (InvalidDataException)
            {
                // Refused.
            }
        }
    }

    private static byte[] Sample(int recordBits, int version)
    {
        var writer = new Writer(recordBits, version);
        writer.Add("52.22.188.0/24", Writer.Map(("autonomous_system_number", Writer.Number(16509)), ("names", Writer.Map(("x", Writer.Text(new string('y', 400))))), ("country", Writer.Map(("iso_code", Writer.Text("IE")))), ("autonomous_system_organization", Writer.Text("AMAZON-02, Inc. \"A\""))));
        writer.Add("52.22.192.0/18", Writer.Map(("autonomous_system_organization", writer.PointerTo("AMAZON-02, Inc. \"A\"")), ("autonomous_system_number", Writer.Number(64500)), ("registered_country", Writer.Map(("iso_code", Writer.Text("US"))))));
        if (version == 6) writer.Add("2001:db8::/32", Writer.Map(("autonomous_system_number", Writer.Number(64501)), ("autonomous_system_organization", Writer.Text("v6"))));
        return writer.ToBytes();
    }

    private string Write(byte[] bytes)
    {
        File.WriteAllBytes(_folder.File("test.mmdb"), bytes);
        return _folder.File("test.mmdb");
    }

    /// <summary>Writes databases by the plainest reading of the format's specification.</summary>
    private sealed class Writer(int recordBits, int version)
    {
        private readonly List<int[]> _nodes = [[0, 0]]; // 0: nothing; positive: a node; negative: data at -1 - offset.
        private readonly List<byte> _data = [];

        public static byte[] Text(string text) => [.. Control(2, Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

        public static byte[] Number(uint number)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
            return [.. Control(6, 4), .. bytes];
        }

        public static byte[] Map(params (string Key, byte[] Value)[] entries) => [.. Control(7, entries.Length), .. entries.SelectMany(entry => (byte[])[.. Text(entry.Key), .. entry.Value])];

        /// <summary>To a text that was written before.</summary>
        public byte[] PointerTo(string text)
        {
            var at = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_data).IndexOf(Text(text));
            return [(byte)(0x20 | (at >> 8)), (byte)at];
        }

        public void Add(string cidr, byte[] value)
        {
            var network = IPNetwork.Parse(cidr);
            var bytes = network.BaseAddress.GetAddressBytes();
            var zeros = version == 6 && network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 96 : 0;
            var node = 0;
            for (var bit = 0; bit < zeros + network.PrefixLength; bit++)
            {
                var side = bit < zeros ? 0 : (bytes[(bit - zeros) / 8] >> (7 - ((bit - zeros) % 8))) & 1;
                if (bit == zeros + network.PrefixLength - 1)
                {
                    _nodes[node][side] = -1 - _data.Count;
                }
                else
                {
                    if (_nodes[node][side] == 0)
                    {
                        _nodes.Add([0, 0]);
                        _nodes[node][side] = _nodes.Count - 1;
                    }

                    node = _nodes[node][side];
                }
            }

            _data.AddRange(value);
        }

        public byte[] ToBytes()
        {
            var tree = new List<byte>();
            foreach (var node in _nodes)
            {
                var (left, right) = (Record(node[0]), Record(node[1]));
                tree.AddRange(recordBits switch
                {
                    24 => [(byte)(left >> 16), (byte)(left >> 8), (byte)left, (byte)(right >> 16), (byte)(right >> 8), (byte)right],
                    28 => [(byte)(left >> 16), (byte)(left >> 8), (byte)left, (byte)((left >> 24 << 4) | (right >> 24)), (byte)(right >> 16), (byte)(right >> 8), (byte)right],
                    _ => (byte[])[(byte)(left >> 24), (byte)(left >> 16), (byte)(left >> 8), (byte)left, (byte)(right >> 24), (byte)(right >> 16), (byte)(right >> 8), (byte)right],
                });
            }

            var metadata = Map(
                ("node_count", Number((uint)_nodes.Count)), ("record_size", UInt16(recordBits)), ("ip_version", UInt16(version)), ("database_type", Text("Test")),
                ("languages", [0x00, 0x04]), ("binary_format_major_version", UInt16(2)), ("binary_format_minor_version", UInt16(0)),
                ("build_epoch", [0x04, 0x02, 0x5f, 0, 0, 0]), ("description", Map()));
            return [.. tree, .. new byte[16], .. _data, 0xab, 0xcd, 0xef, .. "MaxMind.com"u8, .. metadata];
        }

        private static byte[] UInt16(int number) => [.. Control(5, 2), (byte)(number >> 8), (byte)number];

        private static byte[] Control(int kind, int size) => size < 29 ? [(byte)((kind << 5) | size)]
            : size < 285 ? [(byte)((kind << 5) | 29), (byte)(size - 29)]
            : [(byte)((kind << 5) | 30), (byte)((size - 285) >> 8), (byte)(size - 285)];

        private int Record(int to) => to == 0 ? _nodes.Count : to > 0 ? to : _nodes.Count + 16 + (-1 - to);
    }
}
