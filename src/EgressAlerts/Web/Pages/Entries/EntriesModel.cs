namespace EgressAlerts.Web;

/// <summary>The ServiceEntries that are known, who uses them, and what is wrong with them.</summary>
/// <param name="IsGiven">Whether the configuration says where Istio's resources are.</param>
/// <param name="IsAwaited">Whether the cluster is watched, but has not told yet what it has.</param>
/// <param name="MeshMode">By whose rules they are judged: <c>sidecar</c> or <c>ambient</c>.</param>
/// <param name="Namespace">The one whose entries are listed; empty for all.</param>
/// <param name="UsesSince">Since when uses are remembered. With less than 30 days, nothing is called unused.</param>
public sealed record EntriesModel(
    DateTimeOffset? WindowEnd, bool IsGiven, bool IsAwaited, string MeshMode, string Namespace, int ServiceEntries, int Sidecars,
    DateTimeOffset? UsesSince, IReadOnlyList<EntryFindingRow> Findings, IReadOnlyList<UnusedHostRow> Unused, RowsPage<EntryRow> Entries);

/// <summary>One ServiceEntry.</summary>
/// <param name="Ports">Each as number and protocol, such as <c>443 TLS</c>.</param>
/// <param name="Workloads">Those that used it since the counters began, at most ten.</param>
/// <param name="UsedBy">How many workloads used it since the counters began.</param>
/// <param name="Contacts">Their requests and connections.</param>
/// <param name="LastUsed">When anybody last talked to one of its hosts; null where no use is remembered.</param>
/// <param name="Findings">How many findings are about it.</param>
public sealed record EntryRow(
    string Entry, IReadOnlyList<string> Hosts, IReadOnlyList<string> Addresses, IReadOnlyList<string> Ports, string Resolution,
    IReadOnlyList<string> ExportTo, DateTimeOffset? Created, IReadOnlyList<string> Workloads, int UsedBy, double Contacts, DateTimeOffset? LastUsed,
    int Findings);

/// <summary>What is wrong with an entry.</summary>
/// <param name="Kind">Such as <c>opens_port</c>.</param>
/// <param name="Other">The entry that it contradicts; empty where there is none.</param>
public sealed record EntryFindingRow(string Kind, string Entry, string Other, string What, string Remedy);

/// <summary>A registered host that nobody has used for 30 days.</summary>
public sealed record UnusedHostRow(string Entry, string Host, DateTimeOffset? LastUsed);
