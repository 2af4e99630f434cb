using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Naming;

/// <summary>What networks are called.</summary>
/// <param name="networks">Of the same network twice the first counts.</param>
public sealed class NetworkTable(IEnumerable<Network> networks)
    : PrefixTable<NetworkName>(networks.Select(network => (network.Cidr, new NetworkName(network.Name, network.Owner, network.Region))));

/// <summary>What a network is called.</summary>
public sealed record NetworkName(string Name, string Owner, string Region);
