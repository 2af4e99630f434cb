using System.Net;
using EgressAlerts.Configuration;
using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Polling;
using EgressAlerts.Registry;

namespace EgressAlerts.Past;

/// <summary>What is known of past traffic, beside the counters.</summary>
/// <param name="Addresses">The addresses that a name has had. Empty where nobody knows.</param>
/// <param name="Networks">The networks of the configuration, by name.</param>
internal sealed record PastKnowledge(Func<string, IReadOnlyList<IPAddress>> Addresses, ILookup<string, IPNetwork> Networks)
{
    public static PastKnowledge None { get; } = new(_ => [], Array.Empty<(string Name, IPNetwork Cidr)>().ToLookup(one => one.Name, one => one.Cidr));

    /// <summary>A flow with all that is known of where it went.</summary>
    public SeenFlow Seen(ExportedFlow flow, Destination to)
    {
        var seen = new SeenFlow(flow.Source, to, flow.Port, flow.Route, flow.Protocol, Addresses(flow.Destination));
        return to.Source == NameSource.Network ? seen with { Networks = [.. Networks[to.Name]] } : seen;
    }

    /// <param name="storagePath">The folder of a database. There may be none.</param>
    /// <exception cref="StartException">A file of networks cannot be used.</exception>
    public static PastKnowledge Read(Settings settings, string storagePath)
    {
        try
        {
            return new(new AddressBook(storagePath).Of, NamedNetworks.Read(settings.Destinations));
        }
        catch (InvalidDataException e)
        {
            throw new StartException($"destinations.network_files: {e.Message}", e);
        }
    }
}
