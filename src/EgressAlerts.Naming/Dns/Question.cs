using System.Net;
using System.Net.Sockets;
using DnsClient;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Naming.Dns;

/// <summary>A question to DNS: for the name of an address, or for the addresses of a name.</summary>
public readonly record struct Question
{
    private Question(UInt128 address, string name, QueryType type) => (Address, Name, Type) = (address, name, type);

    internal UInt128 Address { get; }

    internal string Name { get; }

    internal QueryType Type { get; }

    public static Question NameOf(IPAddress address) => new(AddressNumber.Of(address), "", QueryType.PTR);

    /// <param name="family">Which kind of addresses.</param>
    public static Question AddressesOf(string name, AddressFamily family) => new(0, name, family == AddressFamily.InterNetwork ? QueryType.A : QueryType.AAAA);
}
