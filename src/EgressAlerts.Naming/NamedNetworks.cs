using System.Net;
using EgressAlerts.Common;

namespace EgressAlerts.Naming;

/// <summary>The networks that the user has named, by their names.</summary>
public static class NamedNetworks
{
    /// <summary>Reads the networks of the configuration and of its files, as they are now.</summary>
    /// <exception cref="InvalidDataException">A file cannot be used.</exception>
    public static ILookup<string, IPNetwork> Read(NamingOptions options) =>
        options.Networks.SelectMany(entry => entry.Networks).Concat(options.NetworkFiles.SelectMany(NetworkFile.ReadNetworks))
            .ToLookup(network => network.Name, network => network.Cidr);
}
