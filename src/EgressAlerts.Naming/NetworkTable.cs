using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.Naming;

/// <summary>Finds the most specific of the user's networks that holds an address. Immutable.</summary>
internal sealed class NetworkTable
{
    private readonly Dictionary<(AddressFamily Family, int Length, UInt128 Prefix), Network> _networks = [];
    private readonly (AddressFamily Family, int Length)[] _lengths;

    public NetworkTable(IReadOnlyList<Network> networks)
    {
        foreach (var network in networks)
        {
            var family = network.Cidr.BaseAddress.AddressFamily;
            _networks.TryAdd((family, network.Cidr.PrefixLength, Masked(network.Cidr.BaseAddress, network.Cidr.PrefixLength)), network);
        }

        _lengths = [.. _networks.Keys.Select(key => (key.Family, key.Length)).Distinct().OrderByDescending(length => length.Length)];
    }

    public Network? Find(IPAddress address)
    {
        foreach (var (family, length) in _lengths)
        {
            if (family == address.AddressFamily && _networks.TryGetValue((family, length, Masked(address, length)), out var network)) return network;
        }

        return null;
    }

    private static UInt128 Masked(IPAddress address, int length)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        var value = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return length == 0 ? 0 : value >> (128 - length) << (128 - length) & (written == 4 ? UInt128.MaxValue << 96 : UInt128.MaxValue);
    }
}
