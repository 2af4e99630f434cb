using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EgressAlerts.Naming;

/// <summary>Reads MaxMind's DB format, version 2 (maxmind.github.io/MaxMind-DB): GeoLite2-ASN, -Country, -City and others of that shape. Immutable.
/// Every offset is checked: a corrupt file gives no answers, but never more.</summary>
internal sealed class MaxMindDb
{
    private const long MaxBytes = 512L << 20;
    private const int MaxMetadata = 128 << 10;
    private const int Separator = 16;
    private const int MaxDepth = 16;
    private const int MaxEntries = 4096;

    private readonly byte[] _bytes;
    private readonly int _nodes;
    private readonly int _recordBits;
    private readonly int _dataStart;
    private readonly int _dataEnd;
    private readonly bool _isIPv6;

    /// <exception cref="InvalidDataException">The file cannot be read or is not such a database; the message says why.</exception>
    public MaxMindDb(string file)
    {
        _bytes = Read(file);
        ReadOnlySpan<byte> marker = [0xab, 0xcd, 0xef, .. "MaxMind.com"u8];
        var from = Math.Max(0, _bytes.Length - MaxMetadata);
        var at = _bytes.AsSpan(from).LastIndexOf(marker);
        if (at < 0) throw new InvalidDataException($"{file}: this is no MaxMind DB: its metadata is not there");
        _dataEnd = from + at;
        var metadata = new Decoder(_bytes, _dataEnd + marker.Length, _bytes.Length, _dataEnd + marker.Length);
        (_nodes, _recordBits, var version) = ((int)metadata.Number("node_count"), (int)metadata.Number("record_size"), metadata.Number("ip_version"));
        _isIPv6 = version == 6;
        var tree = (long)_nodes * _recordBits / 4;
        if (_recordBits is not (24 or 28 or 32) || version is not (4 or 6) || _nodes <= 0 || tree + Separator > _dataEnd)
            throw new InvalidDataException($"{file}: this MaxMind DB is corrupt: {_nodes} nodes of {_recordBits} bits for IPv{version} do not fit into {_dataEnd} bytes");
        _dataStart = (int)tree + Separator;
    }

    /// <summary>What is known of an address; <see cref="GeoRecord.None"/> where nothing is.</summary>
    public GeoRecord Find(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        var isIPv4 = address.AddressFamily == AddressFamily.InterNetwork;
        if (!isIPv4 && !_isIPv6) return GeoRecord.None;
        var node = 0;
        // In a tree of IPv6 the IPv4 addresses are ::a.b.c.d.
        for (var bit = isIPv4 && _isIPv6 ? -96 : 0; bit < length * 8 && node < _nodes; bit++)
            node = Record(node, bit < 0 ? 0 : (bytes[bit / 8] >> (7 - (bit % 8))) & 1);
        if (node <= _nodes) return GeoRecord.None;
        var at = (long)_dataStart + node - _nodes - Separator;
        if (at < _dataStart || at >= _dataEnd) return GeoRecord.None;
        var data = new Decoder(_bytes, (int)at, _dataEnd, _dataStart);
        var country = data.Text("country", "iso_code");
        return new(data.Number("autonomous_system_number"), data.Text("autonomous_system_organization"), country.Length > 0 ? country : data.Text("registered_country", "iso_code"));
    }

    private static byte[] Read(string file)
    {
        try
        {
            return new FileInfo(file).Length <= MaxBytes ? File.ReadAllBytes(file) : throw new InvalidDataException($"{file}: this is larger than {MaxBytes >> 20} MiB");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{file}: this cannot be read: {e.Message}");
        }
    }

    /// <summary>The left or right record of a node.</summary>
    private int Record(int node, int side)
    {
        var bytes = _bytes.AsSpan(node * (_recordBits / 4), _recordBits / 4);
        var number = _recordBits switch
        {
            24 => (uint)((bytes[side * 3] << 16) | (bytes[(side * 3) + 1] << 8) | bytes[(side * 3) + 2]),
            28 => side == 0
                ? (uint)(((bytes[3] & 0xf0) << 20) | (bytes[0] << 16) | (bytes[1] << 8) | bytes[2])
                : (uint)(((bytes[3] & 0x0f) << 24) | (bytes[4] << 16) | (bytes[5] << 8) | bytes[6]),
            _ => BinaryPrimitives.ReadUInt32BigEndian(bytes[(side * 4)..]),
        };
        return number > int.MaxValue ? _nodes : (int)number; // Beyond the file in any case.
    }

    /// <summary>Finds values in a map of the data section.</summary>
    private readonly struct Decoder(byte[] bytes, int map, int end, int origin)
    {
        private enum Kind
        {
            Pointer = 1,
            Text = 2,
            Double = 3,
            Bytes = 4,
            UInt16 = 5,
            UInt32 = 6,
            Map = 7,
            UInt64 = 9,
            Array = 11,
            Boolean = 14,
        }

        public long Number(string key) => Find(map, key) is { } at && Head(at, out var size, out var data) is Kind.UInt16 or Kind.UInt32 or Kind.UInt64 ? Integer(data, size) : 0;

        public string Text(string key, string? below = null) =>
            Find(map, key) is { } at && (below is null ? at : Find(at, below)) is { } value && Head(value, out var size, out var data) == Kind.Text
                ? Encoding.UTF8.GetString(bytes, data, size)
                : "";

        /// <summary>Where the value of a key stands; null where there is none.</summary>
        private int? Find(int at, string key)
        {
            if (Head(at, out var count, out var next) != Kind.Map || count > MaxEntries) return null;
            for (var i = 0; i < count; i++)
            {
                if (Head(next, out var size, out var data) != Kind.Text) return null;
                var isIt = bytes.AsSpan(data, size).SequenceEqual(Encoding.UTF8.GetBytes(key));
                if (Skip(next, 0) is not { } value) return null;
                if (isIt) return value;
                if (Skip(value, 0) is not { } after) return null;
                next = after;
            }

            return null;
        }

        /// <summary>The kind, size and place of the value at a place, following a pointer; null where it does not fit into the file.</summary>
        private Kind? Head(int at, out int size, out int data)
        {
            var kind = Control(at, out size, out data);
            if (kind == Kind.Pointer) kind = Control(size, out size, out data) is { } there and not Kind.Pointer ? there : null;
            if (kind is Kind.Text or Kind.Bytes or Kind.Double or Kind.UInt16 or Kind.UInt32 or Kind.UInt64 && data + (long)size > end) return null;
            return kind;
        }

        /// <summary>Reads a control byte and what belongs to it; of a pointer <paramref name="size"/> is the place it points at.</summary>
        private Kind? Control(int at, out int size, out int data)
        {
            (size, data) = (0, at);
            if (at < origin || at >= end) return null;
            var control = bytes[data++];
            var kind = control >> 5;
            if (kind == (int)Kind.Pointer)
            {
                var length = ((control >> 3) & 3) + 1;
                if (data + length > end) return null;
                var value = length == 4 ? 0L : control & 7;
                for (var i = 0; i < length; i++) value = (value << 8) | bytes[data++];
                value += length switch { 2 => 2048, 3 => 526_336, _ => 0 };
                if (origin + value >= end) return null;
                size = (int)(origin + value);
                return Kind.Pointer;
            }

            if (kind == 0)
            {
                if (data >= end) return null;
                kind = 7 + bytes[data++];
            }

            size = control & 31;
            if (size < 29) return (Kind)kind;
            var more = size - 28;
            if (data + more > end) return null;
            var extra = 0;
            for (var i = 0; i < more; i++) extra = (extra << 8) | bytes[data++];
            size = extra + more switch { 1 => 29, 2 => 285, _ => 65_821 };
            return (Kind)kind;
        }

        /// <summary>The place after a value; null where the file ends before, or values are nested too deep.</summary>
        private int? Skip(int at, int depth)
        {
            if (depth > MaxDepth || Control(at, out var size, out var data) is not { } kind) return null;
            if (kind is Kind.Pointer or Kind.Boolean) return data;
            if (kind is not (Kind.Map or Kind.Array)) return data + (long)size <= end ? data + size : null;
            if (size > MaxEntries) return null;
            int? next = data;
            for (long i = 0; i < (kind == Kind.Map ? 2L * size : size) && next is not null; i++) next = Skip(next.Value, depth + 1);
            return next;
        }

        private long Integer(int at, int size)
        {
            var number = 0L;
            for (var i = 0; i < Math.Min(size, 8); i++) number = (number << 8) | bytes[at + i];
            return number;
        }
    }
}

/// <summary>What a database says of an address; zero or empty where it does not.</summary>
internal sealed record GeoRecord(long Asn, string Organisation, string Country)
{
    public static GeoRecord None { get; } = new(0, "", "");
}
