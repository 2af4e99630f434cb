using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>What the page of one alert shows.</summary>
/// <param name="Alert">The latest time that it fired, or that it is held back.</param>
/// <param name="Summary">What happened, in a sentence.</param>
/// <param name="Description">Who, where, how much, and what was expected.</param>
/// <param name="Resolves">When it resolves, as a sentence; empty where it never does.</param>
/// <param name="LimitKey">The key of the configuration that sets what is expected; empty where nothing is compared.</param>
/// <param name="Destination">Null where the alert is about none.</param>
/// <param name="Traffic">Null where the alert is about no workload.</param>
/// <param name="Others">Who else talks to the destination; null where the alert is about none.</param>
/// <param name="Related">Other alerts of the workload or of the destination.</param>
/// <param name="Times">When it fired, the latest first.</param>
/// <param name="Runbook">The name of its runbook; empty where there is none.</param>
public sealed record AlertModel(
    AlertRow Alert, string Summary, string Description, string Resolves, string LimitKey, IReadOnlyDictionary<string, string> Labels,
    AlertDestination? Destination, TrafficModel? Traffic, AlertOthers? Others, IReadOnlyList<AlertRow> Related, IReadOnlyList<AlertQuestion> Evidence,
    IReadOnlyList<AlertTime> Times, Remedies Remedies, string Runbook, IReadOnlyDictionary<string, string> RunbookValues);

/// <summary>What is known of the destination of an alert. Texts are empty where nothing is known.</summary>
/// <param name="Address">The address of the first contact.</param>
/// <param name="ClaimedName">The TLS server name or Host header of the first contact.</param>
public sealed record AlertDestination(
    string Name, string NameSource, bool Confirmed, string Address, string Port, string Protocol, string Route, string ClaimedName, string Owner,
    string Network, string Region, string Domain)
{
    /// <summary>The ServiceEntries that let the traffic out, as namespace/name. Empty where none did, or where the registry was not given.</summary>
    public IReadOnlyList<string> Entries { get; init; } = [];
}

/// <summary>Who else talks to the destination of an alert.</summary>
/// <param name="Workloads">Those that sent most, at most 20.</param>
public sealed record AlertOthers(int Count, IReadOnlyList<AlertOther> Workloads);

/// <summary>A workload that talks to the destination of an alert.</summary>
/// <param name="UploadBytes">What it sent there since its counter began.</param>
public sealed record AlertOther(
    string SourceCluster, string SourceWorkloadNamespace, string SourceWorkload, double UploadBytes, IReadOnlyList<string> Routes)
{
    internal Workload Source => new(SourceWorkloadNamespace, SourceWorkload, SourceCluster);
}

/// <summary>A query that shows what the alert is about.</summary>
/// <param name="Url">Prometheus' own page with the query; empty where nobody has said where that is.</param>
public sealed record AlertQuestion(string Title, string Query, string Url);

/// <summary>One time that an alert fired.</summary>
public sealed record AlertTime(DateTimeOffset StartsAt, DateTimeOffset? EndsAt);
