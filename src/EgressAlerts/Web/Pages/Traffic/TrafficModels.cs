using EgressAlerts.Detection;
using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>A list of workloads.</summary>
/// <param name="Namespaces">All that there are, for the filter. <paramref name="Clusters"/> too.</param>
/// <param name="Span">How much time a sparkline shows, such as <c>24 h</c>.</param>
public sealed record WorkloadsModel(
    DateTimeOffset? WindowEnd, string Cluster, string Namespace, string Search, string Sort, IReadOnlyList<string> Clusters, IReadOnlyList<string> Namespaces,
    string Span, RowsPage<WorkloadRow> Workloads);

/// <summary>One workload: what it did since its counters began.</summary>
/// <param name="LearnedAt">From then on something can be new for it; null while it is being learned.</param>
/// <param name="Sent">Bytes sent out in each step of the span.</param>
public sealed record WorkloadRow(
    string SourceCluster, string SourceWorkloadNamespace, string SourceWorkload, int Destinations, double UploadBytes, double DownloadBytes, double Refused,
    int Firing, DateTimeOffset? LearnedAt, IReadOnlyList<double> Sent)
{
    internal Workload Source => new(SourceWorkloadNamespace, SourceWorkload, SourceCluster);
}

/// <summary>One workload and all its destinations.</summary>
/// <param name="SourceCluster">Empty where the telemetry does not tell it.</param>
/// <param name="Clusters">All clusters that have a workload of this name.</param>
/// <param name="Usual">What it usually sends out in an hour; null while too little is known.</param>
/// <param name="Overrides">The places of <c>detection.overrides</c> that hold for it, counted from 0.</param>
/// <param name="Group">The group of <c>detection.workload_groups</c> that it belongs to; empty where there is none.</param>
public sealed record WorkloadModel(
    DateTimeOffset? WindowEnd, string SourceCluster, IReadOnlyList<string> Clusters, string SourceWorkloadNamespace, string SourceWorkload,
    DateTimeOffset? LearnedAt, LearningNeed Learning, DateTimeOffset? FirstSeen, DateTimeOffset? LastSeen, UsualUpload? Usual,
    IReadOnlyList<int> Overrides, string Group, string Sort, string Span, IReadOnlyList<AlertRow> Alerts, RowsPage<PairRow> Destinations)
{
    /// <summary>Who enters it. Null where it is no egress gateway, or where nobody enters.</summary>
    public HopEstimate? FirstHops { get; init; }
}

/// <summary>How long a workload has to be watched, in words.</summary>
public sealed record LearningNeed(string Needed, string UploadNeeded);

/// <summary>What one workload did with one destination since the counters began.</summary>
/// <param name="State"><c>blocked</c>, <c>forbidden</c>, <c>allowed</c>, <c>new</c>, <c>learning</c>, <c>habit</c>, or empty where nothing is known.</param>
/// <param name="Contacts">Requests, and connections that ended.</param>
/// <param name="Sent">Bytes sent out in each step of the span.</param>
public sealed record PairRow(
    string SourceCluster, string SourceWorkloadNamespace, string SourceWorkload, string Destination, string NameSource, bool Confirmed, string Owner,
    IReadOnlyList<string> Ports, IReadOnlyList<string> Routes, string State, double Contacts, double Refused, double UploadBytes, double DownloadBytes,
    DateTimeOffset? FirstSeen, DateTimeOffset? LastSeen, IReadOnlyList<double> Sent)
{
    /// <summary>The ServiceEntries that let it out, as namespace/name. Empty where the registry was not given.</summary>
    public IReadOnlyList<string> Entries { get; init; } = [];

    /// <summary>Who stands behind it, as an estimate. Null where the workload is no egress gateway, or where nothing can be estimated.</summary>
    public HopEstimate? Behind { get; init; }

    internal Workload Source => new(SourceWorkloadNamespace, SourceWorkload, SourceCluster);
}

/// <summary>Which workloads stand behind an egress gateway, by their share of the first hop.</summary>
/// <param name="Workloads">Those with the largest shares, ten at most.</param>
/// <param name="More">How many others there are. <paramref name="MoreShare"/> is what they have together.</param>
/// <param name="IsIncomplete">Whether the overflow holds first hops, so that some workloads are missing.</param>
public sealed record HopEstimate(IReadOnlyList<HopShare> Workloads, int More, double MoreShare, bool IsIncomplete)
{
    internal const int Most = 10;

    internal const string Why = "This is an estimate: Istio counts the hop to the gateway and the hop from it, and does not join them. "
        + "So every host of a gateway gets the same shares: those of the requests, or of the connections, that came to the gateway.";

    /// <summary>Null where there is nobody.</summary>
    internal static HopEstimate? Of(IReadOnlyList<(Workload Source, double Share)> shares, bool isIncomplete) => shares.Count == 0
        ? null
        : new(
            [.. shares.Take(Most).Select(one => new HopShare(one.Source.Cluster, one.Source.Namespace, one.Source.Name, one.Share))],
            Math.Max(0, shares.Count - Most), shares.Skip(Most).Sum(one => one.Share), isIncomplete);
}

/// <summary>The share of one workload, from 0 to 1.</summary>
public sealed record HopShare(string SourceCluster, string SourceWorkloadNamespace, string SourceWorkload, double Share)
{
    internal Workload Source => new(SourceWorkloadNamespace, SourceWorkload, SourceCluster);
}

/// <summary>A list of destinations.</summary>
/// <param name="All">How many destinations there are, with those that the filters leave out.</param>
public sealed record DestinationsModel(
    DateTimeOffset? WindowEnd, string Search, string NameSource, string Owner, string Sort, int All, RowsPage<DestinationRow> Destinations);

/// <summary>One destination: what all workloads did with it since the counters began.</summary>
public sealed record DestinationRow(
    string Destination, string NameSource, bool Confirmed, string Owner, string Network, string Region, string Domain, int Workloads, double Contacts,
    double Refused, double UploadBytes, double DownloadBytes, DateTimeOffset? FirstSeen, DateTimeOffset? LastSeen);

/// <summary>One destination and who talks to it.</summary>
public sealed record DestinationModel(
    DateTimeOffset? WindowEnd, DestinationRow About, IReadOnlyList<string> Addresses, IReadOnlyList<string> Ports, string Sort, string Span,
    IReadOnlyList<AlertRow> Alerts, RowsPage<PairRow> Workloads);
