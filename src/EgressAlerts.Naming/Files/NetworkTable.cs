using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Naming;

/// <summary>Finds the name of the network that holds an address.</summary>
/// <param name="networks">Where a network is there twice, the first one counts.</param>
public sealed class NetworkTable(IEnumerable<Network> networks)
    : PrefixTable<NetworkName>(networks.Select(network => (network.Cidr, new NetworkName(network.Name, network.Owner, network.Region))));

/// <summary>What is known of a network.</summary>
public sealed record NetworkName(string Name, string Owner, string Region);
