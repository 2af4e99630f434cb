using System.Net;
using EgressAlerts.Model;
using EgressAlerts.Past;

namespace EgressAlerts.Proposals;

/// <summary>What an entry has to have so that a candidate passes, or why a person has to decide.</summary>
/// <param name="Host">The host to register; empty where a person has to decide.</param>
/// <param name="Owner">Whose host it is: hosts of one owner with the same ports share an entry.</param>
/// <param name="Addresses">CIDRs, only of raw TCP.</param>
/// <param name="IsWildcard">Whether the host is a wildcard, so that the client's word decides where the traffic goes.</param>
internal sealed record Judgement(
    string Host, string Owner, IReadOnlyList<ProposedPort> Ports, IReadOnlyList<string> Addresses, bool IsWildcard, IReadOnlyList<Reason> Open)
{
    public static Judgement Ask(string why, string remedy) => new("", "", [], [], false, [new(why, remedy)]);
}

/// <summary>Decides what can be proposed for a candidate.</summary>
/// <remarks>Nothing is proposed on the client's word alone, or on a guess. TCP is never proposed for port 443, because such an entry takes the TLS traffic of
/// other hosts (istio/istio#58696). And TCP has addresses always, because without them an entry opens its port for every address.</remarks>
internal sealed class Judge(ProposalOptions options, PastKnowledge known)
{
    /// <summary>A network with more prefixes is a provider's. To register it is to open the door to all of its customers.</summary>
    private const int MostPrefixes = 64;

    private const int MostAddresses = 32;
    private const string Https = "443";

    public Judgement Of(Candidate candidate)
    {
        var to = candidate.Destination;
        if (candidate.IsRefused)
        {
            return Judgement.Ask(
                "The mesh refuses it today.", "If it is wanted, write an entry for it. If it is not, forbid it with a policy.");
        }

        if (options.Wildcards.FirstOrDefault(domain => domain.Matches(to.Name)) is { Text: not null } wildcard) return Wildcard(candidate, wildcard.Text);
        return to.Source switch
        {
            _ when to.Name == LabelValues.Overflow => Judgement.Ask(
                "Its destinations had no place within the limits, so nobody knows which they were.",
                "Raise cardinality.max_series or max_destinations_per_workload, and wait."),
            NameSource.Registry or NameSource.Sni or NameSource.Host when !to.Name.StartsWith('*') => Named(candidate),
            NameSource.Network => Addressed(candidate, NetworkHost(to.Name), to.Owner.Length > 0 ? to.Owner : to.Name, NetworkCidrs(to.Name)),
            NameSource.Ptr when to.Confirmed && !to.IsShared => Addressed(candidate, to.Name, OwnerOf(to), Cidrs(known.Addresses(to.Name))),
            NameSource.Registry or NameSource.Sni or NameSource.Host => Judgement.Ask(
                "It stands for several names, which are summed.",
                $"Raise the limits under cardinality, or register all of them with --wildcard='{to.Name}'."),
            NameSource.Ptr => Judgement.Ask(
                "It stands for machines of a provider that may have different owners.",
                "Find the host that the application calls, and register that one. The dimension requested_server_name shows it."),
            NameSource.PtrUnconfirmed => Judgement.Ask(
                "Whoever owns the address chose this name, and it does not lead back.", "Find out whose machine it is, and name its network yourself."),
            NameSource.Ip => Judgement.Ask(
                "The address has no name.", "Find out what it is. Then name its network under destinations.networks, or register the host."),
            NameSource.Special => Judgement.Ask(
                "It is a special range, not a host.", "Find out which machine is meant, and name its network under destinations.networks."),
            _ => Judgement.Ask(
                "The telemetry has neither host nor address of it.", "Add the dimensions of the Telemetry resource (deploy/istio/telemetry.yaml)."),
        };
    }

    /// <summary>Whose name it is. The owner of the address would be a cloud, which all of its customers share.</summary>
    private static string OwnerOf(Destination to) => to.Domain.Length > 0 ? to.Domain : to.Name;

    /// <summary>A host that clients ask for.</summary>
    private Judgement Named(Candidate candidate)
    {
        var to = candidate.Destination;
        if (!to.Confirmed && !options.Accepted.Any(accepted => accepted.Matches(to.Name)))
        {
            return Judgement.Ask(
                "Only the client says this name.", $"Make sure that the host is wanted. Then propose it with --accept={to.Name}.");
        }

        var (ports, open) = (new List<ProposedPort>(), new List<Reason>());
        foreach (var (port, protocol) in candidate.Ways)
        {
            if (port.Length == 0) open.Add(NoPort);
            else if (protocol != Protocol.Tcp) ports.Add(new(Number(port), protocol == Protocol.Grpc ? "GRPC" : "HTTP"));
            else if (port == Https || to.Source != NameSource.Host) ports.Add(new(Number(port), "TLS"));
            else open.Add(new($"Port {port} has TCP that shows no server name.", "Find out what it is, and register its address."));
        }

        return Once(to.Name, OwnerOf(to), ports, [], open);
    }

    /// <summary>Raw TCP, which only addresses can tell apart.</summary>
    private Judgement Addressed(Candidate candidate, string host, string owner, IReadOnlyList<string> cidrs)
    {
        var (ports, open) = (new List<ProposedPort>(), new List<Reason>());
        foreach (var (port, protocol) in candidate.Ways)
        {
            if (port.Length == 0) open.Add(NoPort);
            else if (protocol != Protocol.Tcp) open.Add(NoHost);
            else if (port == Https) open.Add(NoServerName);
            else if (cidrs.Count == 0) open.Add(NoAddresses);
            else if (options.NetworkFault(cidrs) is { } fault) open.Add(new($"It is a network, and {fault}.", "Find out which of its addresses are used."));
            else ports.Add(new(Number(port), "TCP"));
        }

        return Once(host, owner, ports, cidrs, open);
    }

    private Judgement Wildcard(Candidate candidate, string domain)
    {
        var (ports, open) = (new List<ProposedPort>(), new List<Reason>());
        foreach (var (port, protocol) in candidate.Ways)
        {
            if (port.Length == 0) open.Add(NoPort);
            else if (options.WildcardFault(isTls: protocol == Protocol.Tcp) is { } fault)
                open.Add(new($"It would be registered as {domain}, but {fault}.", "Register its hosts one by one."));
            else ports.Add(new(Number(port), protocol switch { Protocol.Tcp => "TLS", Protocol.Grpc => "GRPC", _ => "HTTP" }));
        }

        return Once(domain, domain[2..], ports, [], open) with { IsWildcard = true };
    }

    /// <summary>A port can have one protocol. Where two were seen, a person has to look.</summary>
    private static Judgement Once(string host, string owner, List<ProposedPort> ports, IReadOnlyList<string> cidrs, List<Reason> open)
    {
        List<ProposedPort> once = [.. ports.Distinct().OrderBy(port => port.Number)];
        foreach (var port in once.GroupBy(port => port.Number).Where(port => port.Count() > 1).ToList())
        {
            once.RemoveAll(one => one.Number == port.Key);
            open.Add(new(
                $"Port {port.First().Number} was used with {string.Join(" and ", port.Select(one => one.Protocol))}, and an entry can have one.",
                "Find out which one is wanted, and write the entry yourself."));
        }

        return new(once.Count > 0 ? host : "", owner, once, cidrs, false, [.. open.Distinct()]);
    }

    private static Reason NoHost { get; } = new(
        "The request had no Host header that is a name.", "Find out which host is meant, and register it.");

    private static Reason NoPort { get; } = new(
        "The mesh does not tell the port.", "Add the dimension destination_port of the Telemetry resource (deploy/istio/telemetry.yaml).");

    private static Reason NoServerName { get; } = new(
        "Port 443 has TLS, and the telemetry does not show which server name the application asks for. Its reverse name may be another one.",
        "Find the host that the application calls, and register that one. The dimension requested_server_name shows it.");

    private static Reason NoAddresses { get; } = new(
        "It is raw TCP, and its addresses are not known here or are too many.",
        "Give --storage.path of the service, which remembers addresses, or name the network under destinations.networks.");

    private static int Number(string port) => int.Parse(port, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A network is no host, but an entry needs one.</summary>
    private static string NetworkHost(string name) => name.Contains('.', StringComparison.Ordinal) ? name : $"{name}.external";

    private IReadOnlyList<string> NetworkCidrs(string name) =>
        known.Networks[name].Distinct().ToList() is { Count: > 0 and <= MostPrefixes } cidrs ? Sorted(cidrs) : [];

    private static IReadOnlyList<string> Cidrs(IReadOnlyList<IPAddress> addresses) => addresses.Count is 0 or > MostAddresses
        ? []
        : Sorted(addresses.Distinct().Select(address => new IPNetwork(address, address.GetAddressBytes().Length * 8)));

    private static IReadOnlyList<string> Sorted(IEnumerable<IPNetwork> networks) =>
    [
        .. networks.OrderBy(network => network.BaseAddress.AddressFamily)
            .ThenBy(network => Convert.ToHexString(network.BaseAddress.GetAddressBytes()), StringComparer.Ordinal).ThenBy(network => network.PrefixLength)
            .Select(network => $"{network}"),
    ];
}
