using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>What the overview shows.</summary>
/// <param name="Range">Of the amounts: <c>1h</c>, <c>24h</c> or <c>7d</c>.</param>
/// <param name="Since">Where Prometheus has no history of the exported counters: from when the amounts count instead. Null where it has.</param>
/// <param name="Failure">Why there is no history; empty where there is, or where Prometheus only has none yet.</param>
/// <param name="Alerts">The worst that fire, at most ten.</param>
/// <param name="NewInHour">Contacts of learned workloads with a destination that they had not used before, which began within the last hour.</param>
public sealed record OverviewModel(
    DateTimeOffset? WindowEnd, string Range, DateTimeOffset? Since, string Failure, IReadOnlyDictionary<string, int> Firing, IReadOnlyList<AlertRow> Alerts,
    int NewInHour, int NewInDay, IReadOnlyList<NewContact> New, double SentHour, OverviewAmounts Amounts, IReadOnlyList<TopUpload> TopUploads,
    IReadOnlyList<BlockedPair> Blocked, IReadOnlyList<RouteShare> Routes, IReadOnlyList<SetUpStep> SetUp, FlowDiagram Diagram, string Span);

/// <summary>What moved in the range.</summary>
/// <param name="Contacts">Requests, and connections that ended, with those that the mesh refused.</param>
public sealed record OverviewAmounts(double UploadBytes, double DownloadBytes, double Contacts, double Blocked);

/// <summary>One of the pairs that sent most out in the range.</summary>
/// <param name="Sent">Bytes in each step of the span.</param>
public sealed record TopUpload(
    string SourceCluster, string SourceWorkloadNamespace, string SourceWorkload, string Destination, string NameSource, bool Confirmed,
    double UploadBytes, IReadOnlyList<double> Sent)
{
    internal Workload Source => new(SourceWorkloadNamespace, SourceWorkload, SourceCluster);
}

/// <summary>A workload whose attempts the mesh refused in the range.</summary>
public sealed record BlockedPair(
    string SourceCluster, string SourceWorkloadNamespace, string SourceWorkload, string Destination, double Attempts)
{
    internal Workload Source => new(SourceWorkloadNamespace, SourceWorkload, SourceCluster);
}

/// <summary>What left by one route.</summary>
/// <param name="Share">Of all contacts, from 0 to 1.</param>
public sealed record RouteShare(string Route, double Contacts, double Share);

/// <summary>A step of the set-up.</summary>
/// <param name="Advice">What to do where it is not done.</param>
/// <param name="Path">The page that says more, below the overview.</param>
public sealed record SetUpStep(bool Done, string Step, string Advice, string Path);
