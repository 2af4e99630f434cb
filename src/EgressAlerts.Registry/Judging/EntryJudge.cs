using System.Globalization;
using System.Net;
using EgressAlerts.Model;

namespace EgressAlerts.Registry;

/// <summary>Judges flows by the entries of a scope alone.</summary>
internal static class EntryJudge
{
    /// <param name="port">0 where it is not known.</param>
    public static Judgement Judge(Scope scope, SeenFlow flow, int port)
    {
        var name = flow.Destination.Name.ToLowerInvariant();
        var source = flow.Destination.Source;
        if (source == NameSource.Unknown || name == LabelValues.Overflow || name == LabelValues.Unknown || flow.Source.Name == LabelValues.Overflow)
            return new(Outcome.Unknown, "Nothing tells which destination this was, so nobody can say which entry would match.", null);
        // The mesh has said that an entry lets it out, even if the client chose the name below a wildcard.
        if ((source == NameSource.Registry || flow.Route == Route.Registered) && IsHost(source) && scope.Index.HostsFor(name).Count == 0)
            return NotGiven(scope, name, port);
        if (port == 0) return WithoutPort(scope, flow, name, source);
        return flow.Protocol == Protocol.Tcp ? Tcp(scope, flow, name, port) : Http(scope, flow, name, port);
    }

    private static Judgement Http(Scope scope, SeenFlow flow, string name, int port)
    {
        var view = scope.Port(port);
        if (IsHost(flow.Destination.Source))
        {
            if (ByHost(scope, name, port, one => one.IsHttp) is { } found) return Claimed(flow, found.Entry, name, port, "Host header");
        }
        else if (view.Http is { } possible && flow.Destination.Source != NameSource.Ip)
        {
            return NotNamed(flow, possible, port, "Host header");
        }

        // A route has the entry's addresses as domains too, next to its hosts. A range is no domain that a client could ask for.
        if (flow.Destination.Source == NameSource.Ip && IPAddress.TryParse(name, out var address) && view.Http is not null
            && Array.Find(scope.Index.OnPort(port), one => IsHttpAt(scope, one, port, address)) is { } byAddress)
            return new(Outcome.Passes, $"ServiceEntry {byAddress.Name} has {name} among its addresses on port {port}.", byAddress);
        if (view.Http is null) return ByAddress(scope, flow, name, port, view);
        return Refused(scope, flow, name, port, one => one.IsHttp);
    }

    private static bool IsHttpAt(Scope scope, ServiceEntry entry, int port, IPAddress address) =>
        entry.Ports.Any(one => one.Number == port && one.IsHttp) && entry.Hosts.Any(host => scope.Sees(entry, host, port))
        && entry.Addresses.Any(network => network.BaseAddress.Equals(address) && network.PrefixLength == address.GetAddressBytes().Length * 8);

    private static Judgement Tcp(Scope scope, SeenFlow flow, string name, int port)
    {
        var source = flow.Destination.Source;
        if (IsHost(source) && ByHost(scope, name, port, one => one.IsTls || (source == NameSource.Registry && one.IsRaw)) is { } found)
        {
            // An entry that takes connections by address has its name from the registry, which has matched the address.
            return Claimed(flow, found.Entry, name, port, "server name");
        }

        var view = scope.Port(port);
        var byAddress = ByAddress(scope, flow, name, port, view);
        if (byAddress.Outcome == Outcome.Passes || IsHost(source) || view.Tls is not { } possible) return byAddress;
        return byAddress.Outcome == Outcome.Unknown ? byAddress : NotNamed(flow, possible, port, "server name");
    }

    private static Judgement ByAddress(Scope scope, SeenFlow flow, string name, int port, PortView view)
    {
        var known = flow.Addresses.Count == 0 && IPAddress.TryParse(name, out var own) ? [own] : flow.Addresses;
        if (Array.Find(view.Raw, entry => entry.Addresses.Count == 0) is { } open)
        {
            return new(
                Outcome.Passes,
                $"ServiceEntry {open.Name} registers TCP on port {port} without addresses, which lets every address on that port out.",
                open);
        }

        if (view.Raw.Length == 0) return Refused(scope, flow, name, port, one => flow.Protocol == Protocol.Tcp ? !one.IsHttp : one.IsHttp);
        if (known.Count == 0 && flow.Networks.Count == 0)
        {
            return new(
                Outcome.Unknown, $"ServiceEntry {view.Raw[0].Name} matches by address on port {port}, and no address of this flow is known.", view.Raw[0]);
        }

        var within = known.Count > 0 ? known.Select(address => new IPNetwork(address, address.GetAddressBytes().Length * 8)) : flow.Networks;
        var matches = within.Select(network => Array.Find(view.Raw, entry => entry.Addresses.Any(one => Holds(one, network)))).ToList();
        if (matches.TrueForAll(match => match is not null))
        {
            return new(
                Outcome.Passes,
                $"The addresses of ServiceEntry {matches[0]!.Name} hold all that this flow is known to have dialled on port {port}.",
                matches[0]);
        }

        return matches.Find(match => match is not null) is { } some
            ? new(Outcome.Unknown, $"ServiceEntry {some.Name} holds some of the addresses that this flow dialled on port {port}, and not others.", some)
            : Refused(scope, flow, name, port, one => !one.IsHttp);
    }

    private static bool Holds(IPNetwork network, IPNetwork other) => network.PrefixLength <= other.PrefixLength && network.Contains(other.BaseAddress);

    /// <summary>The most specific host that the scope sees on the port, if its protocol fits.</summary>
    private static (ServiceEntry Entry, EntryPort Port)? ByHost(Scope scope, string name, int port, Func<EntryPort, bool> fits)
    {
        foreach (var host in scope.Index.HostsFor(name))
        {
            if (scope.Find(host, port) is { } found && fits(found.Port)) return found;
        }

        return null;
    }

    private static Judgement Claimed(SeenFlow flow, ServiceEntry entry, string name, int port, string what) =>
        flow.Destination.Confirmed || flow.Destination.Source == NameSource.Registry || flow.Route == Route.Registered
            ? new(Outcome.Passes, $"ServiceEntry {entry.Name} registers {name} on port {port}.", entry)
            : new(Outcome.Unknown, $"ServiceEntry {entry.Name} registers {name} on port {port}, but the {what} is only the client's word.", entry);

    private static Judgement NotNamed(SeenFlow flow, ServiceEntry possible, int port, string what) => new(
        Outcome.Unknown,
        $"The {what} is not known, only {flow.Destination.Name}. An entry on port {port}, such as ServiceEntry {possible.Name}, could match it.",
        possible);

    /// <summary>The mesh says that an entry registers the host, and none of the given ones does.</summary>
    private static Judgement NotGiven(Scope scope, string name, int port) => scope.Imports(null, name, port) switch
    {
        true => new(Outcome.Passes, $"The mesh itself says that {name} is registered, by an entry that was not given.", null),
        false => new(Outcome.Refused, $"Sidecar {scope.Sidecar!.Name} does not import {name} from any namespace.", null, scope.Sidecar.Name),
        _ => new(Outcome.Unknown, $"Sidecar {scope.Sidecar!.Name} imports {name} from some namespaces, and the entry was not given.", null, scope.Sidecar.Name),
    };

    private static Judgement WithoutPort(Scope scope, SeenFlow flow, string name, NameSource source)
    {
        // With a name from the registry the port is one of the entry's own.
        if (source == NameSource.Registry)
        {
            var own = scope.Index.HostsFor(name).SelectMany(host => scope.Index.WithHost(host)).SelectMany(entry => entry.Ports).Select(one => one.Number);
            var verdicts = own.Distinct().Select(port => Judge(scope, flow, port)).ToList();
            if (verdicts.Count > 0 && verdicts.TrueForAll(one => one.Outcome == verdicts[0].Outcome)) return verdicts[0];
        }

        foreach (var port in scope.Index.Ports.Order())
        {
            if (Judge(scope, flow, port) is { Outcome: not Outcome.Refused } possible)
                return new(Outcome.Unknown, $"The port of this flow is not known. On port {port} an entry could let it out.", possible.Entry);
        }

        return new(Outcome.Refused, $"No entry that {scope.Namespace} sees registers {name} on any port.", null);
    }

    /// <summary>Says what is nearest to letting the flow out, and what is in its way.</summary>
    private static Judgement Refused(Scope scope, SeenFlow flow, string name, int port, Func<EntryPort, bool> fits)
    {
        var at = port.ToString(CultureInfo.InvariantCulture);
        foreach (var host in IsHost(flow.Destination.Source) ? scope.Index.HostsFor(name) : [])
        {
            if (scope.Index.WithHost(host) is not [var entry, ..]) continue;
            var (why, by) = (scope.Mode, scope.Sees(entry, host, port)) switch
            {
                (MeshMode.Ambient, false) => ($"registers {host}, but ambient takes wildcards only with resolution DYNAMIC_DNS.", null),
                (_, false) when !entry.IsExportedTo(scope.Namespace) => ($"registers {name}, but its exportTo keeps it from {scope.Namespace}.", null),
                (_, false) => ($"registers {name}, but Sidecar {scope.Sidecar?.Name} does not import {host} from there.", scope.Sidecar?.Name),
                _ when !entry.Ports.Any(one => one.Number == port) => ($"registers {name}, but not port {at}.", null),
                _ when entry.Ports.FirstOrDefault(one => one.Number == port && !fits(one)) is { } other =>
                    ($"registers {name} on port {at} as {other.Spelling}, which this traffic is not.", null),
                _ => ($"registers {name}, but another entry for {host} wins over it.", (ResourceName?)null),
            };
            return new(Outcome.Refused, $"ServiceEntry {entry.Name} {why}", entry, by);
        }

        return new(Outcome.Refused, $"No entry that {scope.Namespace} sees registers {name} on port {at}.", null);
    }

    private static bool IsHost(NameSource source) => source is NameSource.Registry or NameSource.Sni or NameSource.Host;
}

/// <summary>What the entries say about a flow.</summary>
/// <param name="Entry">The entry that decides, or that is nearest to it.</param>
/// <param name="Other">What decides where it is no entry.</param>
/// <param name="IsPolicy">Whether an AuthorizationPolicy decides. ALLOW_ANY does not undo that.</param>
internal sealed record Judgement(Outcome Outcome, string Why, ServiceEntry? Entry, ResourceName? Other = null, bool IsPolicy = false)
{
    public Verdict Verdict => new(Outcome, Why, Other ?? Entry?.Name);
}
