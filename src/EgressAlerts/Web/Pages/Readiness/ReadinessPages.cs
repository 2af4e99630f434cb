using System.Runtime.InteropServices;
using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>The page about the way from ALLOW_ANY to REGISTRY_ONLY.</summary>
internal sealed class ReadinessPages(PageSources sources)
{
    private const int MaxWorkloads = 10;

    private readonly ProposalReading _proposals = new(sources);

    public void Map(PageRoutes routes)
    {
        routes.MapPage<ReadinessPage, ReadinessModel>("/readiness", "/readiness", ReadAsync);
        routes.MapJson("/proposals", ProposeAsync);
    }

    private async Task<PageResult<ProposalModel>> ProposeAsync(Arguments arguments, CancellationToken cancel)
    {
        var (ns, mode) = (Namespace(arguments), Mode(arguments));
        return arguments.Complaint is null ? PageResult.Of("Proposals", await _proposals.ReadAsync(ns, mode, cancel)) : Nothing<ProposalModel>();
    }

    private async Task<PageResult<ReadinessModel>> ReadAsync(Arguments arguments, CancellationToken cancel)
    {
        var (ns, mode) = (Namespace(arguments), Mode(arguments));
        var isKnown = ns.Length > 0 && sources.Traffic.Current.BySource.Keys.Any(source => source.Namespace == ns);
        var traffic = sources.Traffic.Current;
        var namespaces = traffic.Pairs.GroupBy(pair => pair.Source.Namespace).Select(group => Summed(group.Key, group, traffic))
            .OrderBy(row => row.RegisteredShare).ThenBy(row => row.Namespace, StringComparer.Ordinal).ToList();
        var open = new Dictionary<(string Namespace, string Destination), List<PairTraffic>>();
        foreach (var pair in traffic.Pairs)
        {
            if (pair.Unregistered <= 0 || (ns.Length > 0 && pair.Source.Namespace != ns)) continue;
            ref var pairs = ref CollectionsMarshal.GetValueRefOrAddDefault(open, (pair.Source.Namespace, pair.Destination), out _);
            (pairs ??= []).Add(pair);
        }

        // Only the rows of one page are made whole.
        var sorted = open.OrderByDescending(entry => entry.Value.Sum(pair => pair.Unregistered))
            .ThenBy(entry => entry.Key.Namespace, StringComparer.Ordinal).ThenBy(entry => entry.Key.Destination, StringComparer.Ordinal).ToList();
        var page = RowsPage<KeyValuePair<(string Namespace, string Destination), List<PairTraffic>>>.Of(arguments, sorted);
        return PageResult.Of("Readiness", new ReadinessModel(
            traffic.Window?.End, ns, namespaces, page.Select(entry => Row(entry.Key.Namespace, traffic.Find(entry.Key.Destination), entry.Value)),
            isKnown && arguments.Complaint is null ? await _proposals.ReadAsync(ns, mode, cancel) : null));
    }

    /// <summary>A name that is none of a namespace would be a part of a query.</summary>
    private static string Namespace(Arguments arguments)
    {
        var ns = arguments.Text("namespace");
        return ns.Length == 0 || LabelText.WorkloadName(ns) == ns ? ns : arguments.Refuse("namespace is not the name of a namespace.", "");
    }

    private static string Mode(Arguments arguments) => arguments.OneOf("mode", ProposalReading.Sidecar, ProposalReading.Ambient);

    /// <summary>The complaint about the arguments is shown in its place.</summary>
    private static PageResult<T> Nothing<T>()
        where T : class => PageResult.Missing<T>("Bad request", "");

    private static NamespaceReadiness Summed(string ns, IEnumerable<PairTraffic> pairs, Traffic traffic)
    {
        var (contacts, unregistered, bytes, blocked) = (0.0, 0.0, 0.0, 0.0);
        var destinations = new HashSet<string>();
        foreach (var pair in pairs)
        {
            (contacts, blocked) = (contacts + pair.Contacts, blocked + pair.Refused);
            if (pair.Unregistered <= 0) continue;
            (unregistered, bytes) = (unregistered + pair.Unregistered, bytes + pair.Upload + pair.Download);
            destinations.Add(pair.Destination);
        }

        var share = contacts > 0 ? (contacts - unregistered) / contacts : 1;
        return new(ns, share, contacts, unregistered, bytes, destinations.Count, destinations.Count(name => !traffic.Find(name).Confirmed), blocked);
    }

    private static UnregisteredRow Row(string ns, Destination to, List<PairTraffic> pairs) => new(
        ns,
        to.Name,
        to.Source.LabelValue(),
        to.Confirmed,
        [.. pairs.SelectMany(pair => pair.Ports).Distinct()],
        [.. pairs.SelectMany(pair => pair.Protocols).Distinct().Select(protocol => protocol.LabelValue())],
        pairs.Sum(pair => pair.Unregistered),
        pairs.Sum(pair => pair.Upload + pair.Download),
        [.. pairs.Select(pair => pair.Source.Name).Distinct().Order(StringComparer.Ordinal).Take(MaxWorkloads)]);
}
