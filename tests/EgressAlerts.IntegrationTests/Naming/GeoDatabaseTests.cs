using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Storage;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Naming;

public sealed class GeoDatabaseTests : IDisposable
{
    private const string Amazon = "AMAZON-02, Inc. \"A\"";
    private const string MetadataMark = "\u00ab\u00cd\u00efMaxMind.com";
    private static readonly IPAddress Known = IPAddress.Parse("52.22.188.80");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(24, 4)]
    [InlineData(24, 6)]
    [InlineData(28, 4)]
    [InlineData(28, 6)]
    [InlineData(32, 4)]
    [InlineData(32, 6)]
    public void Owner_and_country_are_found_in_every_layout(int recordBits, int version)
    {
        using var db = new GeoDatabase(Write(Owners(recordBits, version)));
        Assert.Equal((16509, Amazon, "IE"), Found(db, "52.22.188.80"));
        Assert.Equal((64500, Amazon, "US"), Found(db, "52.22.200.1")); // Its owner's text by a pointer, its country that of its registration.
        Assert.Null(Found(db, "9.9.9.9"));
        Assert.Equal(version == 6 ? (64501, "v6", "") : null, Found(db, "2001:db8::1"));
        Assert.Null(Found(db, "::"));
        Assert.Null(db.TakeDamage());
    }

    [Theory]
    [InlineData(24)]
    [InlineData(28)]
    [InlineData(32)]
    public void Countries_are_found_among_all_that_a_database_of_cities_says(int recordBits)
    {
        using var db = new GeoDatabase(Write(Cities(recordBits)));
        Assert.Equal((0, null, "IE"), Found(db, "52.22.188.80"));
        Assert.Equal((0, null, "US"), Found(db, "52.22.200.1"));
    }

    [Fact]
    public async Task The_reference_reader_reads_what_these_tests_write()
    {
        var owner = await Tool.OutputAsync("mmdblookup", ["--file", Write(Owners(28, 6)), "--ip", "52.22.188.80", "autonomous_system_number"]);
        Assert.Contains("16509 <uint32>", owner, StringComparison.Ordinal);
        var city = await Tool.OutputAsync("mmdblookup", ["--file", Write(Cities(24)), "--ip", "52.22.188.80", "subdivisions", "0", "iso_code"]);
        Assert.Contains("\"L\" <utf8_string>", city, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_owners_and_one_of_cities_say_owner_network_and_region_where_no_network_of_the_users_does()
    {
        var dns = new DnsOptions { Servers = [new IPEndPoint(IPAddress.Loopback, 9)] };
        await using var lookups = new Lookups(dns, Store.InMemory().Read(), new DnsMetrics(new MetricRegistry()), TimeProvider.System);
        var options = new NamingOptions
        {
            CheckClaims = false,
            GeoFiles = [Write(Owners(24, 6, withCountries: false), "owners.mmdb"), Write(Cities(28), "cities.mmdb")],
            Networks = [new() { Name = "partner", Cidrs = [IPNetwork.Parse("52.22.200.0/24")], Owner = "alliances", Region = "eu" }],
        };
        var increments = ((string[])["52.22.188.80", "52.22.201.1", "52.22.200.1", "9.9.9.9"]).Select(Increment);
        var namer = new Namer(options, lookups, Store.InMemory().Read(), TimeProvider.System, new ListLogger<Namer>());
        var named = await namer.NameAsync(new Reading(default, [.. increments]), CancellationToken.None);
        Assert.Equal(
            [
                new("claimed.example.com", NameSource.Host, Confirmed: false, Amazon, "AS16509", "IE", "example.com", "example.com"),
                new("claimed.example.com", NameSource.Host, Confirmed: false, Amazon, "AS64500", "US", "example.com", "example.com"),
                new("partner", NameSource.Network, Confirmed: true, "alliances", "partner", "eu"),
                new Destination("claimed.example.com", NameSource.Host, Confirmed: false, "", "", "", "example.com", "example.com"),
            ],
            named.Increments.Select(increment => increment.Destination));

        Increment Increment(string address) => new(
            new(new(new("a", "b"), new(IPAddress.Parse(address), "", "", "claimed.example.com", ""), Route.Passthrough, Protocol.Tcp), Metric.UploadBytes), 1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("junk")]
    [InlineData(MetadataMark)]
    [InlineData(MetadataMark + "\u00e0")]
    public void A_file_that_is_no_database_is_refused_with_the_advice_to_download_it_again(string content)
    {
        var error = Assert.Throws<InvalidDataException>(() => new GeoSource(Write(Encoding.Latin1.GetBytes(content))));
        Assert.StartsWith(_folder.File("test.mmdb") + " is no MaxMind DB, or it is damaged (", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("). Download it again, or name another file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_refused_too()
    {
        var error = Assert.Throws<InvalidDataException>(() => new GeoSource(_folder.File("no.mmdb")));
        Assert.Contains(" cannot be read: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_too_large_is_refused_before_it_is_read()
    {
        var path = Write([]);
        using (var file = File.OpenWrite(path)) file.SetLength((512L << 20) + 1); // It is sparse and takes no room.
        var link = _folder.File("link.mmdb");
        File.CreateSymbolicLink(link, path); // Kubernetes shows files by links.
        Assert.Equal(link + " is larger than 512 MiB", Assert.Throws<InvalidDataException>(() => new GeoSource(link)).Message);
        var error = Assert.Throws<InvalidDataException>(() => new GeoSource(path));
        Assert.Equal(path + " is larger than 512 MiB", error.Message);
    }

    /// <summary>Whatever a byte is changed to, and wherever the file is cut, the file is refused or gives some answer.</summary>
    [Fact]
    public void A_damaged_database_never_crashes()
    {
        foreach (var good in (byte[][])[Owners(28, 6), Cities(24)])
        {
            for (var at = 0; at < good.Length; at++)
            {
                foreach (var value in (byte[])[0, 0x20, 0x38, 0x7f, 0xe1, 0xff, (byte)(good[at] + 1)])
                {
                    var bad = good.ToArray();
                    bad[at] = value;
                    Try(bad);
                }

                Assert.False(Try(good[..at]), "a file that was cut lacks a part of its metadata");
            }

            Assert.True(Try(good));
        }

        bool Try(byte[] bytes)
        {
            try
            {
                using var db = new GeoDatabase(Write(bytes));
                foreach (var address in (string[])["52.22.188.80", "52.22.200.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::", "ffff::"])
                    db.Find(IPAddress.Parse(address));
                return true;
            }
            catch (InvalidDataException)
            {
                return false;
            }
        }
    }

    [Fact]
    public void A_record_that_cannot_be_read_is_not_known_and_is_told_once()
    {
        var writer = new Writer(24, 6);
        writer.Add("52.22.188.0/24", Writer.Map(("autonomous_system_number", Writer.Text("AS16509"))));
        writer.Add("9.9.9.0/24", Writer.Map(("autonomous_system_number", Writer.Number(19281))));
        var source = new GeoSource(Write(writer.ToBytes()));
        var logger = new ListLogger<GeoSource>();
        for (var window = 0; window < 3; window++)
        {
            Assert.Null(source.Find(Known));
            Assert.Equal(19281, source.Find(IPAddress.Parse("9.9.9.9"))?.Asn);
            source.Refresh(logger);
        }

        var entry = Assert.Single(logger.Entries);
        Assert.StartsWith($"Warning: {_folder.File("test.mmdb")} holds records that cannot be read (", entry, StringComparison.Ordinal);
        Assert.EndsWith("Download it again", entry, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_rewritten_in_place_while_it_is_in_use_leaves_the_old_content_until_it_is_whole()
    {
        var path = Write(Owners(24, 6));
        var source = new GeoSource(path);
        var logger = new ListLogger<GeoSource>();
        var (old, next) = (source.Find(Known), Cities(32));
        using (var file = new FileStream(path, FileMode.Truncate, FileAccess.Write, FileShare.Read))
        {
            Assert.Equal(old, source.Find(Known)); // With a mapped file the process would end here.
            file.Write(next.AsSpan(0, next.Length / 2));
            file.Flush();
            source.Refresh(logger);
            Assert.Equal(old, source.Find(Known));
            file.Write(next.AsSpan(next.Length / 2));
        }

        source.Refresh(logger);
        Assert.Equal("IE", source.Find(Known)?.Country);
        Assert.Equal(0, source.Find(Known)?.Asn);
        Assert.Collection(
            logger.Entries,
            entry => Assert.StartsWith($"Error: the new {path} is refused: {path} is no MaxMind DB, or it is damaged (", entry, StringComparison.Ordinal),
            entry => Assert.Equal($"Information: {path} has changed and was read again", entry));
    }

    [Fact]
    public async Task A_database_that_is_replaced_or_dropped_gives_its_memory_back()
    {
        var writer = new Writer(24, 6);
        writer.Pad(3 << 20); // A size that nothing else in this process has.
        var path = Write(writer.ToBytes());
        var size = (new FileInfo(path).Length + 4095) / 4096 * 4096;
        Replace(path);
        Assert.Equal(0, Copies(size));
        Drop(path);
        await Deadline.UntilAsync(HasCollected, 20, "the copy of a database that a reload dropped");

        bool HasCollected()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Copies(size) == 0;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Replace(string path)
        {
            var source = new GeoSource(path);
            Assert.Equal(1, Copies(size));
            Write(Owners(24, 6));
            source.Refresh(new ListLogger<GeoSource>());
            Assert.NotNull(source.Find(Known));
            Write(writer.ToBytes());
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Drop(string path)
        {
            var source = new GeoSource(path);
            Assert.Null(source.Find(Known));
            Assert.Equal(1, Copies(size));
        }
    }

    [Fact]
    public void A_file_that_is_still_being_downloaded_leaves_no_copy_in_memory()
    {
        var path = Write(new byte[(5 << 20) + 123]);
        Assert.Throws<InvalidDataException>(() => new GeoSource(path));
        Assert.Equal(0, Copies((5 << 20) + 4096));
    }

    /// <summary>How many shared mappings of the process have the size. The package keeps its copies in such.</summary>
    private static int Copies(long size) => File.ReadLines("/proc/self/maps").Select(line => line.Split([' ', '-'], 5))
        .Count(words => words[4].StartsWith("s ", StringComparison.Ordinal) && Number(words[1]) - Number(words[0]) == size);

    private static long Number(string hex) => long.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static (long Asn, string? Organisation, string Country)? Found(GeoDatabase db, string address) =>
        db.Find(IPAddress.Parse(address)) is { } record ? (record.Asn, record.Organisation, record.Country) : null;

    private static byte[] Owners(int recordBits, int version, bool withCountries = true)
    {
        var writer = new Writer(recordBits, version);
        writer.Add("52.22.188.0/24", Record(
            "country", "IE",
            ("autonomous_system_number", Writer.Number(16509)),
            ("names", Writer.Map(("x", Writer.Text(new string('y', 400))))),
            ("autonomous_system_organization", Writer.Text(Amazon))));
        writer.Add("52.22.192.0/18", Record(
            "registered_country", "US",
            ("autonomous_system_organization", writer.PointerTo(Amazon)),
            ("autonomous_system_number", Writer.Number(64500))));
        if (version == 6)
            writer.Add("2001:db8::/32", Writer.Map(("autonomous_system_number", Writer.Number(64501)), ("autonomous_system_organization", Writer.Text("v6"))));
        return writer.ToBytes();

        byte[] Record(string which, string country, params (string, byte[])[] entries) =>
            Writer.Map(withCountries ? [.. entries, (which, Writer.Map(("iso_code", Writer.Text(country))))] : entries);
    }

    private static byte[] Cities(int recordBits)
    {
        var writer = new Writer(recordBits, 6);
        writer.Add("52.22.188.0/24", Writer.Map(
            ("city", Writer.Map(("geoname_id", Writer.Number(2964574)), ("names", Writer.Map(("en", Writer.Text("Dublin")), ("de", Writer.Text("Dublin")))))),
            ("country", Writer.Map(("iso_code", Writer.Text("IE")), ("names", Writer.Map(("en", Writer.Text("Ireland")))))),
            ("location", Writer.Map(("latitude", Writer.Decimal(53.3331)), ("longitude", Writer.Decimal(-6.2489)))),
            ("registered_country", Writer.Map(("iso_code", Writer.Text("US")))),
            ("subdivisions", Writer.List(Writer.Map(("iso_code", Writer.Text("L")))))));
        writer.Add("52.22.192.0/18", Writer.Map(("registered_country", Writer.Map(("iso_code", Writer.Text("US"))))));
        return writer.ToBytes();
    }

    private string Write(byte[] bytes, string name = "test.mmdb")
    {
        File.WriteAllBytes(_folder.File(name), bytes);
        return _folder.File(name);
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

        public static byte[] Decimal(double number)
        {
            var bytes = new byte[8];
            BinaryPrimitives.WriteDoubleBigEndian(bytes, number);
            return [.. Control(3, 8), .. bytes];
        }

        public static byte[] List(params byte[][] values) => [(byte)values.Length, 0x04, .. values.SelectMany(value => value)];

        public static byte[] Map(params (string Key, byte[] Value)[] entries) =>
            [.. Control(7, entries.Length), .. entries.SelectMany(entry => (byte[])[.. Text(entry.Key), .. entry.Value])];

        /// <summary>To a text that was written before.</summary>
        public byte[] PointerTo(string text)
        {
            var at = CollectionsMarshal.AsSpan(_data).IndexOf(Text(text));
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

        public void Pad(int bytes) => _data.AddRange(new byte[bytes]);

        public byte[] ToBytes()
        {
            var tree = new List<byte>();
            foreach (var node in _nodes)
            {
                var (left, right) = (Record(node[0]), Record(node[1]));
                tree.AddRange(recordBits switch
                {
                    24 => [.. Low(left, 3), .. Low(right, 3)],
                    28 => [.. Low(left, 3), (byte)((left >> 24 << 4) | (right >> 24)), .. Low(right, 3)],
                    _ => (byte[])[.. Low(left, 4), .. Low(right, 4)],
                });
            }

            var metadata = Map(
                ("node_count", Number((uint)_nodes.Count)), ("record_size", UInt16(recordBits)), ("ip_version", UInt16(version)),
                ("database_type", Text("Test")), ("languages", List()), ("binary_format_major_version", UInt16(2)), ("binary_format_minor_version", UInt16(0)),
                ("build_epoch", [0x04, 0x02, 0x5f, 0, 0, 0]), ("description", Map()));
            return [.. tree, .. new byte[16], .. _data, 0xab, 0xcd, 0xef, .. "MaxMind.com"u8, .. metadata];
        }

        private static byte[] Low(int number, int count) => [.. Enumerable.Range(1, count).Select(i => (byte)(number >> (8 * (count - i))))];

        private static byte[] UInt16(int number) => [.. Control(5, 2), (byte)(number >> 8), (byte)number];

        private static byte[] Control(int kind, int size) => size < 29 ? [(byte)((kind << 5) | size)]
            : size < 285 ? [(byte)((kind << 5) | 29), (byte)(size - 29)]
            : [(byte)((kind << 5) | 30), (byte)((size - 285) >> 8), (byte)(size - 285)];

        private int Record(int to) => to == 0 ? _nodes.Count : to > 0 ? to : _nodes.Count + 16 + (-1 - to);
    }
}
