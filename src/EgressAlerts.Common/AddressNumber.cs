using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.Common;

/// <summary>Addresses as numbers of 128 bits, IPv4 mapped into IPv6 (RFC 4291, section 2.5.5.2), so that both are looked up in one way.</summary>
public static class AddressNumber
{
    private const int MappedBits = 96;
    private static readonly UInt128 Mapped = (UInt128)0xffff << 32;

    public static UInt128 Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? Mapped | BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>The address that a number stands for.</summary>
    public static IPAddress ToAddress(UInt128 number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new IPAddress(number >> 32 == Mapped >> 32 ? bytes[12..] : bytes);
    }

    /// <summary>What an address of the network begins with, and which bits that are.</summary>
    public static (UInt128 Prefix, UInt128 Mask) Of(IPNetwork network)
    {
        var mask = Mask(Length(network));
        return (Of(network.BaseAddress) & mask, mask);
    }

    /// <summary>The length of a network's prefix among 128 bits.</summary>
    public static int Length(IPNetwork network) => network.PrefixLength + (network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? MappedBits : 0);

    public static UInt128 Mask(int length) => length == 0 ? 0 : UInt128.MaxValue << (128 - length);
}
