using System.Net;

namespace EgressAlerts.Model;

/// <summary>How the words of the model are written into a checkpoint.</summary>
public static class Binary
{
    /// <summary>More entries than any stage can hold: a larger count in a checkpoint is damage, not data.</summary>
    private const int MaxCount = 50_000_000;

    public static void Write(this BinaryWriter to, DateTimeOffset instant) => to.Write(instant.UtcTicks);

    public static DateTimeOffset ReadInstant(this BinaryReader from) => new(from.ReadInt64(), TimeSpan.Zero);

    public static void WriteAll<T>(this BinaryWriter to, IReadOnlyCollection<T> items, Action<T> write)
    {
        to.Write(items.Count);
        foreach (var item in items) write(item);
    }

    public static IEnumerable<T> ReadAll<T>(this BinaryReader from, Func<T> read)
    {
        var count = from.ReadInt32();
        if (count is < 0 or > MaxCount) throw new InvalidDataException($"a list of {count} entries");
        for (var i = 0; i < count; i++) yield return read();
    }

    public static void Write(this BinaryWriter to, UInt128 number)
    {
        to.Write((ulong)(number >> 64));
        to.Write((ulong)number);
    }

    public static UInt128 ReadUInt128(this BinaryReader from) => new(from.ReadUInt64(), from.ReadUInt64());

    public static void Write(this BinaryWriter to, Workload workload)
    {
        to.Write(workload.Namespace);
        to.Write(workload.Name);
    }

    public static Workload ReadWorkload(this BinaryReader from) => new(from.ReadString(), from.ReadString());

    public static void Write(this BinaryWriter to, IPAddress? address)
    {
        var bytes = address?.GetAddressBytes() ?? [];
        to.Write((byte)bytes.Length);
        to.Write(bytes);
    }

    public static IPAddress? ReadAddress(this BinaryReader from)
    {
        var bytes = from.ReadBytes(from.ReadByte());
        return bytes.Length == 0 ? null : new IPAddress(bytes);
    }

    public static void Write(this BinaryWriter to, Flow flow)
    {
        to.Write(flow.Source);
        to.Write(flow.To.Address);
        to.Write(flow.To.Port);
        to.Write(flow.To.Service);
        to.Write(flow.To.Host);
        to.Write(flow.To.Sni);
        to.Write((byte)flow.Route);
        to.Write((byte)flow.Protocol);
    }

    public static Flow ReadFlow(this BinaryReader from) => new(
        from.ReadWorkload(),
        new RawDestination(from.ReadAddress(), from.ReadString(), from.ReadString(), from.ReadString(), from.ReadString()),
        (Route)from.ReadByte(),
        (Protocol)from.ReadByte());

    public static void Write(this BinaryWriter to, Increment increment)
    {
        to.Write(increment.Flow);
        to.Write((byte)increment.Metric);
        to.Write(increment.ResponseCode);
        to.Write(increment.ResponseFlags);
        to.Write(increment.Amount);
        to.Write(increment.Facts);
    }

    public static Increment ReadIncrement(this BinaryReader from) =>
        new(from.ReadFlow(), (Metric)from.ReadByte(), from.ReadString(), from.ReadString(), from.ReadDouble(), from.ReadString());

    public static void Write(this BinaryWriter to, Destination destination)
    {
        to.Write(destination.Name);
        to.Write((byte)destination.Source);
        to.Write(destination.Confirmed);
        to.Write(destination.Owner);
        to.Write(destination.Network);
        to.Write(destination.Region);
        to.Write(destination.Domain);
        to.Write(destination.Site);
    }

    public static Destination ReadDestination(this BinaryReader from) => new(
        from.ReadString(), (NameSource)from.ReadByte(), from.ReadBoolean(), from.ReadString(), from.ReadString(), from.ReadString(), from.ReadString(), from.ReadString());
}
