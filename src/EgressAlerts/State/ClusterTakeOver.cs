using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging;

namespace EgressAlerts;

/// <summary>Gives a cluster to what was learned before the telemetry told clusters: by an older version, or before Prometheus had the label. Otherwise every
/// workload would have to be learned anew. Called by the worker alone.</summary>
/// <remarks>Exported counters keep their labels and go on beside new ones, because a counter that changes its labels would seem to jump.</remarks>
internal sealed class ClusterTakeOver(Store store, ILogger logger)
{
    /// <summary>The tables that hold what is known of workloads.</summary>
    private static readonly string[] Tables =
    [
        "habit", "contact", "metadata_use", "episode", "episode_name", "probing", "attempt", "upload", "fan_out", "fan_out_baseline", "pulse",
    ];

    private bool _isDone;

    /// <param name="seen">The workloads, or groups of them, whose counters Prometheus shows.</param>
    /// <returns>Whether the database has changed, so that the stages have to be made anew.</returns>
    public bool Run(IEnumerable<Workload> seen)
    {
        if (_isDone) return false;
        List<Workload> all = [.. seen.Distinct()];
        if (!all.Exists(source => source.Cluster.Length > 0)) return false;
        _isDone = true;
        var learned = Learned();
        if (learned.Count == 0 || learned.Exists(source => source.Cluster.Length > 0)) return false;
        List<Workload> placed = [.. Placed(learned, all).Where(source => source.Cluster.Length > 0)];
        if (placed.Count == 0 || !store.TryRewrite([.. Statements(placed)])) return false;
        Log.ClustersTold(logger, placed.Count, learned.Count);
        return true;
    }

    private List<Workload> Learned() => [.. store.Rows($"SELECT {string.Join(", ", Workload.Columns)} FROM habit").Select(Workload.Of)];

    /// <summary>A workload that is seen belongs to the first cluster that has it. Another one belongs to the only cluster that there is, or to the only one
    /// that has its namespace.</summary>
    private static IEnumerable<Workload> Placed(IEnumerable<Workload> learned, List<Workload> seen)
    {
        var byWorkload = seen.ToLookup(source => (source.Namespace, source.Name), source => source.Cluster);
        var byNamespace = seen.Where(source => source.Cluster.Length > 0).ToLookup(source => source.Namespace, source => source.Cluster);
        List<string> clusters = [.. seen.Select(source => source.Cluster).Where(cluster => cluster.Length > 0).Distinct()];
        return learned.Select(source => source with
        {
            Cluster = byWorkload[(source.Namespace, source.Name)].Where(cluster => cluster.Length > 0).Order(StringComparer.Ordinal).FirstOrDefault()
                ?? (byWorkload.Contains((source.Namespace, source.Name)) ? "" : Only(clusters) ?? Only(byNamespace[source.Namespace]) ?? ""),
        });
    }

    private static string? Only(IEnumerable<string> clusters) => clusters.Distinct().Take(2).ToList() is [var only] ? only : null;

    private static IEnumerable<(string Sql, object[] Values)> Statements(List<Workload> placed)
    {
        yield return ("CREATE TEMP TABLE placed (cluster TEXT, ns TEXT, name TEXT, PRIMARY KEY (ns, name)) WITHOUT ROWID", []);
        foreach (var source in placed) yield return ("INSERT INTO placed VALUES ($1, $2, $3)", source.Values);
        foreach (var table in Tables)
        {
            yield return (
                $"UPDATE {table} SET source_cluster = cluster FROM placed "
                + "WHERE source_cluster = '' AND source_workload_namespace = ns AND source_workload = name",
                []);
        }

        yield return (
            "UPDATE newborn SET source_cluster = cluster FROM (SELECT ns, min(cluster) AS cluster FROM placed GROUP BY ns HAVING count(DISTINCT cluster) = 1) "
            + "WHERE source_cluster = '' AND source_workload_namespace = ns",
            []);
        yield return ("DROP TABLE placed", []);
    }
}
