using EgressAlerts.Model;
using EgressAlerts.Polling;

namespace EgressAlerts.Replays;

/// <summary>What a candidate would have done with the traffic of the past. JSON shows it as it is.</summary>
/// <param name="Candidate">What was tried, in words.</param>
/// <param name="Share">Which part of the wanted requests and connections would pass, from 0 to 1. What the mesh refuses today and what a policy forbids is not
/// wanted.</param>
/// <param name="Totals">All traffic. These are exactly what <c>egress_*</c> grew by.</param>
/// <param name="Refused">What would break.</param>
/// <param name="Unknown">What nobody can judge from metrics.</param>
/// <param name="Forbidden">What would be refused, as a policy of the configuration wants it.</param>
/// <param name="StillBlocked">What the mesh refuses today, and would refuse.</param>
/// <param name="Unblocked">What the mesh refuses today, and would let out.</param>
/// <param name="NotRestarted">The workloads that did not start in this time, so what they call at a start was not seen; null where that is not known.</param>
internal sealed record ReplayReport(
    string Candidate, DateTimeOffset From, DateTimeOffset To, string Namespace, double Share, PastAmounts Totals, OutcomeSums Sums,
    IReadOnlyList<ReplayRow> Refused, IReadOnlyList<ReplayRow> Unknown, IReadOnlyList<ReplayRow> Forbidden, IReadOnlyList<ReplayRow> StillBlocked,
    IReadOnlyList<ReplayRow> Unblocked, int Hours, int HoursWithData, IReadOnlyList<DateOnly> DaysWithoutData, IReadOnlyList<string>? NotRestarted,
    IReadOnlyList<string> Notes);

/// <summary>The traffic by what would become of it. Together they are all traffic.</summary>
internal sealed record OutcomeSums(
    PastAmounts Passes, PastAmounts Refused, PastAmounts Unknown, PastAmounts Forbidden, PastAmounts StillBlocked, PastAmounts Unblocked);

/// <summary>Traffic of one namespace with one destination that has one fate.</summary>
/// <param name="Connections">The larger of opened and closed ones.</param>
/// <param name="Last">The last day, in UTC.</param>
/// <param name="Why">Whole sentences.</param>
/// <param name="By">The entry, Sidecar or policy that decides, as <c>namespace/name</c>; empty for none.</param>
internal sealed record ReplayRow(
    string Namespace, string Destination, string Port, string Protocol, string NameSource, bool Confirmed, double Requests, double Connections,
    double UploadBytes, double DownloadBytes, DateOnly Last, IReadOnlyList<string> Workloads, string Why, string By);

/// <summary>What becomes of a flow.</summary>
internal enum Fate
{
    Passes,
    Refused,
    Unknown,
    Forbidden,
    StillBlocked,
    Unblocked,
}

/// <summary>A flow with its fate.</summary>
/// <param name="Why">A sentence.</param>
internal sealed record Judged(PastUse Use, Destination To, Fate Fate, string Why, string By);
