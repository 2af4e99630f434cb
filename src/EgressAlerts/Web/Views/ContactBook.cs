using System.Text.Json;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Data.Sqlite;

namespace EgressAlerts.Web;

/// <summary>What the database knows of workloads and of whom they talk to, as of the last committed window. Any thread.</summary>
/// <remarks>The first contact is negative where it was there only while a policy allowed it.</remarks>
internal sealed class ContactBook(CommittedRows rows)
{
    private const int MaxRows = 100_000;
    private const int MaxAddresses = 100;

    private static readonly string Source = string.Join(", ", Workload.Columns);
    private static readonly string IsSource = string.Join(" AND ", Workload.Columns.Select((column, i) => $"{column} = ${i + 1}"));

    /// <summary>Each destination that a workload is known to talk to: a confirmed name, an address, or a host.</summary>
    public IReadOnlyDictionary<string, ContactTimes> Of(Workload source) => rows.Read(
        $"SELECT destination, abs(first), last FROM contact WHERE {IsSource} LIMIT {MaxRows}",
        row => (Name: row.GetString(0), Times: Times(row.GetInt64(1), row.GetInt64(2))), source.Values)
        .ToDictionary(row => row.Name, row => row.Times);

    /// <summary>The workloads that are known to talk to a destination.</summary>
    public IReadOnlyDictionary<Workload, ContactTimes> Of(string destination) => rows.Read(
        $"SELECT {Source}, abs(first), last FROM contact WHERE destination = $1 LIMIT {MaxRows}",
        row => (Source: WorkloadOf(row), Times: Times(row.GetInt64(3), row.GetInt64(4))), destination)
        .ToDictionary(row => row.Source, row => row.Times);

    /// <summary>When anybody first and last talked to each of these destinations.</summary>
    public IReadOnlyDictionary<string, ContactTimes> OfAll(IReadOnlyList<string> destinations) => rows.Read(
        "SELECT destination, min(abs(first)), max(last) FROM contact WHERE destination IN (SELECT value FROM json_each($1)) GROUP BY destination",
        row => (Name: row.GetString(0), Times: Times(row.GetInt64(1), row.GetInt64(2))), JsonSerializer.Serialize(destinations))
        .ToDictionary(row => row.Name, row => row.Times);

    /// <summary>When anybody first talked to any destination, and last to each. The first is null where there are too many to read them all.</summary>
    public (DateTimeOffset? Since, IReadOnlyDictionary<string, DateTimeOffset> Last) LastUses()
    {
        var all = rows.Read(
            $"SELECT destination, min(first), max(last) FROM contact GROUP BY destination LIMIT {MaxRows}",
            row => (Name: row.GetString(0), Times: Times(row.GetInt64(1), row.GetInt64(2))));
        return (all.Count is 0 or MaxRows ? null : all.Min(row => row.Times.First), all.ToDictionary(row => row.Name, row => row.Times.Last));
    }

    /// <summary>Contacts that began since an instant, of workloads that were learned by then. The latest first.</summary>
    public IReadOnlyList<NewContact> Since(DateTimeOffset at, int most) => rows.Read(
        $"""
        SELECT {Source}, destination, first
        FROM contact JOIN habit USING ({Source})
        WHERE first >= $1 AND unixepoch(state ->> '$.learned_at') <= first
        ORDER BY first DESC, source_workload_namespace, source_workload, source_cluster, destination
        LIMIT $2
        """,
        row => new NewContact(
            row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), DateTimeOffset.FromUnixTimeSeconds(row.GetInt64(4))),
        at.ToUnixTimeSeconds(),
        most);

    /// <summary>When each workload had been learned. One that is not learned yet is missing.</summary>
    public IReadOnlyDictionary<Workload, DateTimeOffset> Learned() => rows.Read(
        $"""
        SELECT {Source}, unixepoch(state ->> '$.learned_at')
        FROM habit WHERE state ->> '$.learned_at' > '0001-02' LIMIT {MaxRows}
        """,
        row => (Source: WorkloadOf(row), At: DateTimeOffset.FromUnixTimeSeconds(row.GetInt64(3))))
        .ToDictionary(row => row.Source, row => row.At);

    /// <summary>The clusters in which a workload of this name is known, in their order.</summary>
    public IReadOnlyList<string> Clusters(string ns, string name) => rows.Read(
        "SELECT source_cluster FROM habit WHERE source_workload_namespace = $1 AND source_workload = $2 ORDER BY 1", row => row.GetString(0), ns, name);

    /// <summary>Whether a workload is learned.</summary>
    public LearningExplanation Learning(Workload source) => rows.Read(
        $"SELECT unixepoch(state ->> '$.learned_at') FROM habit WHERE {IsSource}",
        row => row.IsDBNull(0) ? 0 : row.GetInt64(0), source.Values) is [var at]
            ? LearningExplanation.Of(at > 0 ? DateTimeOffset.FromUnixTimeSeconds(at) : null)
            : LearningExplanation.None;

    /// <summary>What a workload usually sends, as detection keeps it; null where nothing is known.</summary>
    public string? UsualUpload(Workload source) => rows.Read(
        $"SELECT state FROM upload WHERE {IsSource} AND destination_group = ''", row => row.GetString(0), source.Values) is [var state] ? state : null;

    /// <summary>The addresses that DNS gave for a name, and those whose reverse DNS gives it.</summary>
    public IReadOnlyList<string> Addresses(string name) => rows.Read(
        $"""
        SELECT seen.value ->> 'address' FROM addresses_of_name, json_each(state, '$.answer.seen') AS seen WHERE name = $1
        UNION SELECT address FROM name_of_address WHERE state ->> '$.answer.name' = $1
        ORDER BY 1 LIMIT {MaxAddresses}
        """,
        row => row.GetString(0), name);

    private static Workload WorkloadOf(SqliteDataReader row) => Workload.Of([row.GetString(0), row.GetString(1), row.GetString(2)]);

    private static ContactTimes Times(long first, long last) =>
        new(DateTimeOffset.FromUnixTimeSeconds(first), DateTimeOffset.FromUnixTimeSeconds(last));
}

/// <summary>When somebody first and last talked to a destination, within <c>detection.memory</c>.</summary>
/// <param name="Last">The beginning of its hour.</param>
public sealed record ContactTimes(DateTimeOffset First, DateTimeOffset Last);

/// <summary>A destination that a workload talked to for the first time.</summary>
public sealed record NewContact(
    string SourceCluster, string SourceWorkloadNamespace, string SourceWorkload, string Destination, DateTimeOffset First)
{
    internal Workload Source => new(SourceWorkloadNamespace, SourceWorkload, SourceCluster);
}
