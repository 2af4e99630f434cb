using EgressAlerts.Export;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Web;

/// <summary>Where pages find what they show. All of it may be read from any thread, and nothing of it holds the pass up.</summary>
internal sealed class PageSources(ServeOptions options, PassWorker worker, Exposition exposition, TimeProvider time)
{
    private readonly EntryUsesView _uses = new();

    public ServeOptions Options => options;

    /// <summary>Who may reach the pages; null in a test where nobody asks.</summary>
    public WebAccess? Access { get; init; }

    public PassWorker Worker => worker;

    public Pass Pass => worker.Pass;

    public Exposition Exposition => exposition;

    public TimeProvider Time => time;

    public TrafficView Traffic { get; } = new(exposition);

    public TrafficHistory History { get; } = new(worker, exposition, time);

    /// <summary>Which entry let out what was seen.</summary>
    public EntryUses EntryUses => _uses.Of(Pass.Mesh, Traffic.Current);

    /// <summary>Who stands behind what egress gateways let out.</summary>
    public GatewayHops Hops => new(Pass.Settings.Telemetry, Traffic.Current);

    public ContactBook Contacts { get; } = new(new CommittedRows(options.StoragePath));

    /// <summary>The clusters that have a workload of this name, in their order. A page that is not told which one is meant takes the first.</summary>
    public IReadOnlyList<string> ClustersOf(string ns, string name) =>
    [
        .. Traffic.Current.BySource.Keys.Where(known => (known.Namespace, known.Name) == (ns, name)).Select(known => known.Cluster)
            .Union(Contacts.Clusters(ns, name)).Order(StringComparer.Ordinal),
    ];

    /// <summary>The workload under which detection remembers what another one does: its group, or the workload itself.</summary>
    public Workload GroupOf(Workload source) => Pass.Settings.Detection.GroupOf(source);
}
