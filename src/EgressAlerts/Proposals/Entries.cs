using EgressAlerts.Polling;
using EgressAlerts.Web;

namespace EgressAlerts.Proposals;

/// <summary>Puts what can be registered into ServiceEntries: one for the hosts of an owner that have the same ports, so that no entry opens a port that was not
/// used.</summary>
internal static class Entries
{
    /// <summary>The schema of ServiceEntries allows no more.</summary>
    private const int MostHosts = 256;

    private const string WildcardWarning =
        "The client chooses the name behind a wildcard, and Istio sends the traffic where it leads. So everybody who can have such a name is reached.";

    public static IReadOnlyList<ProposedEntry> Of(IReadOnlyList<Sought> sought, ProposalOptions options)
    {
        // A waypoint serves all namespaces, so one host is one entry there, and its policy says who may use it.
        var hosts = sought.GroupBy(one => (Place: options.IsAmbient ? "" : one.Candidate.Namespace, one.Judgement.Host, one.Ports))
            .Select(group => (
                First: group.First().Judgement,
                group.Key.Place,
                group.Key.Ports,
                Callers: (IReadOnlyList<string>)[.. group.Select(one => one.Candidate.Namespace).Distinct().Order(StringComparer.Ordinal)],
                Host: HostOf(group, options)));
        var entries = hosts
            .GroupBy(host => (
                host.Place,
                host.First.Owner,
                host.Ports,
                Callers: string.Join(',', host.Callers),
                Alone: host.First.Addresses.Count > 0 || host.First.IsWildcard ? host.Host.Host : ""))
            .OrderBy(entry => entry.Key.Place, StringComparer.Ordinal).ThenBy(entry => entry.Key.Owner, StringComparer.Ordinal)
            .ThenBy(entry => entry.Key.Ports, StringComparer.Ordinal).ThenBy(entry => entry.Key.Callers, StringComparer.Ordinal)
            .ThenBy(entry => entry.Key.Alone, StringComparer.Ordinal)
            .SelectMany(entry => entry.OrderBy(host => host.Host.Host, StringComparer.Ordinal).Chunk(MostHosts), (entry, hosts) => (entry.Key, Hosts: hosts));
        var taken = new HashSet<(string Namespace, string Name)>();
        return
        [
            .. entries.Select(entry =>
            {
                var ((_, owner, ports, _, _), one) = (entry.Key, entry.Hosts[0]);
                var ns = options.IsAmbient ? options.EgressNamespace : entry.Key.Place;
                var (resolution, endpoints) = Resolution(one.First, options);
                return new ProposedEntry(
                    Name(taken, ns, owner, ports),
                    ns,
                    owner,
                    one.Callers,
                    [.. entry.Hosts.Select(host => host.Host)],
                    one.First.Addresses,
                    one.First.Ports,
                    resolution,
                    endpoints,
                    one.First.IsWildcard ? WildcardWarning : "");
            }),
        ];
    }

    private static ProposedHost HostOf(IEnumerable<Sought> group, ProposalOptions options)
    {
        var all = group.ToList();
        List<PastUse> uses = [.. all.SelectMany(one => one.Uses)];
        return new(all[0].Judgement.Host, Candidate.EvidenceOf(all[0].Candidate.Destination, uses, withNamespaces: options.IsAmbient));
    }

    /// <summary>A sidecar hands raw TCP on to the address that was dialled. A waypoint has to be told the addresses, unless they are a network.</summary>
    private static (string Resolution, IReadOnlyList<string> Endpoints) Resolution(Judgement one, ProposalOptions options) =>
        one.IsWildcard ? ("DYNAMIC_DNS", [])
        : one.Addresses.Count == 0 ? ("DNS", [])
        : options.IsAmbient && one.Addresses.All(ProposalOptions.IsSingle) ? ("STATIC", [.. one.Addresses.Select(cidr => cidr.Split('/')[0])])
        : ("NONE", []);

    /// <summary>A name that Kubernetes takes. Where two owners have the same, the later one gets a number.</summary>
    private static string Name(HashSet<(string Namespace, string Name)> taken, string ns, string owner, string ports)
    {
        var name = YamlText.Slug(owner, ports);
        for (var number = 2; !taken.Add((ns, name)); number++) name = FormattableString.Invariant($"{YamlText.Slug(owner, ports)}-{number}");
        return name;
    }
}
