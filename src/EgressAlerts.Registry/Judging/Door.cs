using System.Collections.Concurrent;
using System.Globalization;
using EgressAlerts.Model;

namespace EgressAlerts.Registry;

/// <summary>Says what a mesh with this registry does with traffic that was seen, by Istio's own rules. Any thread; made once for many flows.</summary>
/// <param name="registryOnly">Whether the mesh's outbound policy is REGISTRY_ONLY. A Sidecar may say otherwise for its namespace.</param>
/// <param name="rootNamespace">Where the Sidecar and the policies are that apply to all namespaces.</param>
/// <param name="clusterDomain">The trust domain of the mesh's identities, and the end of the names of its services.</param>
/// <param name="gateways">The egress gateways as namespace/workload. A Sidecar does not apply to them.</param>
public sealed class Door(
    MeshRegistry registry, MeshMode mode, bool registryOnly, string rootNamespace = "istio-system", string clusterDomain = "cluster.local",
    IReadOnlyCollection<string>? gateways = null)
{
    // Namespaces come from traffic. Beyond this number a scope is made for each flow, which is slower.
    private const int MaxNamespaces = 10_000;

    private readonly EntryIndex _index = new(registry.Entries);
    private readonly PolicyJudge _policies = new(registry.Policies, rootNamespace, clusterDomain);
    private readonly ILookup<string, Sidecar> _sidecars = registry.Sidecars
        .OrderBy(one => one.Created ?? DateTimeOffset.MaxValue).ThenBy(one => one.Name).ToLookup(one => one.Name.Namespace);

    private readonly HashSet<string> _gateways = [.. gateways ?? []];
    private readonly ConcurrentDictionary<(string Namespace, bool IsGateway), Scope[]> _scopes = [];

    public Verdict Judge(SeenFlow flow)
    {
        var scopes = ScopesOf(flow.Source);
        var verdict = Judge(scopes[0], flow);
        foreach (var scope in scopes.Skip(1))
        {
            var other = Judge(scope, flow);
            if (other.Outcome == verdict.Outcome) continue;
            return new(
                Outcome.Unknown,
                $"Sidecar {scope.Sidecar!.Name} is for workloads with certain labels, and metrics do not tell the labels of {flow.Source}. "
                + $"With it: {other.Why} Without it: {verdict.Why}",
                scope.Sidecar.Name);
        }

        return verdict;
    }

    /// <summary>The entry that lets a flow out. Null where none does, or where Sidecars with selectors make a difference.</summary>
    public ServiceEntry? EntryOf(SeenFlow flow)
    {
        ServiceEntry? entry = null;
        foreach (var scope in ScopesOf(flow.Source))
        {
            if (ByEntries(scope, flow) is not { Outcome: Outcome.Passes, Entry: { } found } || (entry is not null && entry != found)) return null;
            entry = found;
        }

        return entry;
    }

    /// <summary>Whether an entry that a workload sees registers a host for HTTP.</summary>
    /// <param name="host">In lower case.</param>
    /// <param name="port">Digits. Empty stands for any port.</param>
    public bool Registers(Workload source, string host, string port)
    {
        foreach (var scope in ScopesOf(source))
        {
            foreach (var registered in _index.HostsFor(host))
            {
                foreach (var entry in _index.WithHost(registered))
                {
                    foreach (var one in entry.Ports)
                    {
                        if (!one.IsHttp || (port.Length > 0 && port != one.Number.ToString(CultureInfo.InvariantCulture))) continue;
                        if (scope.Find(registered, one.Number) is { Port.IsHttp: true }) return true;
                    }
                }
            }
        }

        return false;
    }

    private Verdict Judge(Scope scope, SeenFlow flow)
    {
        var found = mode == MeshMode.Sidecar && flow.Route == Route.Gateway ? Gateway(scope, flow) : ByEntries(scope, flow);
        if (found.Outcome == Outcome.Passes || found.IsPolicy) return found.Verdict;
        if (mode == MeshMode.Sidecar && scope.Sidecar?.Outbound is { } own)
        {
            return own == OutboundMode.RegistryOnly
                ? found.Verdict
                : new(Outcome.Passes, $"ALLOW_ANY of Sidecar {scope.Sidecar.Name} lets it out.", scope.Sidecar.Name);
        }

        return registryOnly ? found.Verdict : new(Outcome.Passes, "ALLOW_ANY lets it out.", null);
    }

    private Judgement ByEntries(Scope scope, SeenFlow flow)
    {
        if (flow.Route == Route.Unidentified)
            return new(Outcome.Unknown, "ztunnel does not say where this traffic went.", null);
        var port = PortOf(flow);
        var found = EntryJudge.Judge(scope, flow, port);
        if (mode == MeshMode.Sidecar) return found;
        if (found is { Outcome: Outcome.Refused })
        {
            return found with
            {
                Why = found.Why + " It goes past the waypoint. ztunnel itself does not enforce REGISTRY_ONLY, so a NetworkPolicy has to refuse it.",
            };
        }

        return found is { Outcome: Outcome.Passes, Entry: { } entry } ? _policies.Judge(entry, flow, port) ?? found : found;
    }

    private Judgement Gateway(Scope scope, SeenFlow flow)
    {
        var (name, ns, host) = GatewayOf(flow.Destination.Name.ToLowerInvariant());
        return scope.Imports(ns, host, PortOf(flow)) switch
        {
            false => new(Outcome.Refused, $"Sidecar {scope.Sidecar!.Name} does not import the egress gateway {host}.", null, scope.Sidecar.Name),
            null => new(Outcome.Unknown, $"Sidecar {scope.Sidecar!.Name} imports {host} only from some namespaces.", null, scope.Sidecar.Name),
            _ => _policies.JudgeGateway(new(ns ?? rootNamespace, name), flow, PortOf(flow))
                ?? new(Outcome.Passes, $"It goes to the egress gateway {host}, which is a service of the mesh.", null),
        };
    }

    /// <summary>Older metrics have the gateway's short name, which does not tell its namespace.</summary>
    private (string Name, string? Namespace, string Host) GatewayOf(string name) => name.Split('.') switch
    {
        [var service, var ns, "svc", ..] => (service, ns, name),
        [var service, var ns, ..] => (service, ns, $"{service}.{ns}.svc.{clusterDomain}"),
        _ => (name, null, $"{name}.{rootNamespace}.svc.{clusterDomain}"),
    };

    /// <summary>0 where the port is not known.</summary>
    private static int PortOf(SeenFlow flow) =>
        int.TryParse(flow.Port, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 ? port
        // RFC 9110, section 4.2.1: a Host header without a port means port 80.
        : flow is { Port: "", Protocol: not Protocol.Tcp, Destination.Source: NameSource.Host } ? 80
        : 0;

    private Scope[] ScopesOf(Workload source)
    {
        var key = (source.Namespace, _gateways.Count > 0 && _gateways.Contains(source.ToString()));
        if (_scopes.TryGetValue(key, out var known)) return known;
        var made = NewScopes(source.Namespace, key.Item2);
        return _scopes.Count < MaxNamespaces ? _scopes.GetOrAdd(key, made) : made;
    }

    /// <summary>The scope of the namespace first, then one for each Sidecar that may apply to the workload because of its labels.</summary>
    private Scope[] NewScopes(string ns, bool isGateway)
    {
        if (mode == MeshMode.Ambient || isGateway) return [new(_index, ns, null, mode)];
        var all = _sidecars[ns].FirstOrDefault(one => one.Selector is null) ?? _sidecars[rootNamespace].FirstOrDefault(one => one.Selector is null);
        return [new(_index, ns, all, mode), .. _sidecars[ns].Where(one => one.Selector is not null).Select(one => new Scope(_index, ns, one, mode))];
    }
}
