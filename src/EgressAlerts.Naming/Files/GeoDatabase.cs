using System.Net;
using System.Net.Sockets;
using MaxMind.Db;

namespace EgressAlerts.Naming;

/// <summary>The content of a MaxMind DB, such as GeoLite2-ASN, -Country or -City. Only one thread at a time may call it.</summary>
internal sealed class GeoDatabase : IDisposable
{
    private const int MaxMetadata = 128 << 10;

    private readonly Reader _reader;
    private bool _isDamaged;
    private string? _damage;

    /// <exception cref="InvalidDataException">The file is not such a database. The message says what to do.</exception>
    public GeoDatabase(string file)
    {
        try
        {
            if (!HasMetadata(file)) throw new InvalidDatabaseException("the metadata at the end is not there");
            // The file is copied and never mapped. A mapped file that somebody rewrites in place would end the process at the next look-up.
            _reader = new Reader(file, FileAccessMode.Memory);
        }
        catch (Exception e) when (e is InvalidDatabaseException or DeserializationException)
        {
            throw new InvalidDataException($"{file} is no MaxMind DB, or it is damaged ({e.Message}). Download it again, or name another file", e);
        }
    }

    /// <summary>Gives the memory back. A reload drops databases, and the package holds their bytes outside the managed heap.</summary>
    ~GeoDatabase() => _reader?.Dispose();

    /// <summary>When the data were collected.</summary>
    public DateTimeOffset Built => new(DateTime.SpecifyKind(_reader.Metadata.BuildDate, DateTimeKind.Utc));

    /// <summary>The record of an address. Null where there is none, or where it cannot be read.</summary>
    public GeoRecord? Find(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && _reader.Metadata.IPVersion == 4) return null;
        try
        {
            return _reader.Find<GeoRecord>(address);
        }
        catch (Exception e) when (e is InvalidDatabaseException or DeserializationException)
        {
            if (!_isDamaged) _damage = e.Message;
            _isDamaged = true;
            return null;
        }
    }

    /// <summary>What is wrong with the first record that could not be read. It is told once.</summary>
    public string? TakeDamage()
    {
        var damage = _damage;
        _damage = null;
        return damage;
    }

    public void Dispose()
    {
        _reader.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Whether the file ends with metadata. The package copies what it is given and does not free the copy when it refuses it. A file that is still
    /// being downloaded would cost its size again each time it is looked at.</summary>
    private static bool HasMetadata(string file)
    {
        using var stream = File.OpenRead(file);
        var end = new byte[Math.Min(stream.Length, MaxMetadata)];
        stream.Seek(-end.Length, SeekOrigin.End);
        stream.ReadExactly(end);
        ReadOnlySpan<byte> mark = [0xab, 0xcd, 0xef, .. "MaxMind.com"u8];
        return end.AsSpan().IndexOf(mark) >= 0;
    }
}

/// <summary>What a database says of an address, as far as it is of use here. Missing values are null, or 0.</summary>
[method: Constructor]
internal sealed record GeoRecord(
    [MapKey("autonomous_system_number")] long Asn,
    [MapKey("autonomous_system_organization")] string? Organisation,
    [MapKey("country")] GeoCountry? Located,
    [MapKey("registered_country")] GeoCountry? Registered)
{
    /// <summary>Where the address is, or else where its network is registered, as two letters.</summary>
    public string Country => Located?.Code is { Length: > 0 } code ? code : Registered?.Code ?? "";
}

[method: Constructor]
internal sealed record GeoCountry([MapKey("iso_code")] string? Code);
