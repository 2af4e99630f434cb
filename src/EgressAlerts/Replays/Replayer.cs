using System.Net;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Past;
using EgressAlerts.Polling;
using EgressAlerts.Registry;
using PolicyAction = EgressAlerts.Detection.PolicyAction;

namespace EgressAlerts.Replays;

/// <summary>Plays past traffic against a candidate.</summary>
internal sealed class Replayer(Door door, PastKnowledge known, PolicyVerdicts policies)
{
    /// <summary>Says what becomes of each flow.</summary>
    public Judged Judge(PastUse use, Destination to)
    {
        var flow = use.Flow;
        var seen = known.Seen(flow, to);
        var verdict = door.Judge(seen);
        var (fate, why) = (verdict.Outcome, flow.Route) switch
        {
            (Outcome.Passes, Route.Blocked) => (Fate.Unblocked, verdict.Why),
            (Outcome.Passes, _) => (Fate.Passes, verdict.Why),
            (_, Route.Blocked) => (Fate.StillBlocked, verdict.Why),
            (Outcome.Unknown, _) => (Fate.Unknown, verdict.Why),
            _ when policies.FindPolicy(Flow(flow, to, seen.Addresses), to) is { Action: PolicyAction.Forbid } policy =>
                (Fate.Forbidden, $"{verdict.Why} The policy {policy.Name} forbids it too."),
            _ => (Fate.Refused, verdict.Why),
        };
        return new(use, to, fate, why, verdict.By is { } by ? $"{by}" : "");
    }

    public ReplayReport Replay(PastTraffic traffic, string candidate, string ns)
    {
        var judged = traffic.Uses.Select(use => Judge(use, traffic.Find(use.Flow.Destination))).ToList();
        PastAmounts Sum(Fate fate) => PastAmounts.Sum(judged.Where(one => one.Fate == fate).Select(one => one.Use.Amounts));
        double Contacts(params IReadOnlyList<Fate> fates) => judged.Where(one => fates.Contains(one.Fate)).Sum(one => one.Use.Amounts.Contacts);
        IReadOnlyList<ReplayRow> Rows(Fate fate) => ReplayRows.Of(judged.Where(one => one.Fate == fate));

        var wanted = Contacts(Fate.Passes, Fate.Refused, Fate.Unknown);
        var hours = (int)Math.Ceiling(traffic.Span.Length.TotalHours);
        var days = Enumerable.Range(0, traffic.Span.Days).Select(traffic.Span.FirstDay.AddDays);
        var seen = traffic.HoursWithData.Select(hour => DateOnly.FromDateTime(hour.UtcDateTime)).ToHashSet();
        return new(
            candidate,
            traffic.Span.Start,
            traffic.Span.End,
            ns,
            wanted > 0 ? Contacts(Fate.Passes) / wanted : 1,
            PastAmounts.Sum(judged.Select(one => one.Use.Amounts)),
            new(Sum(Fate.Passes), Sum(Fate.Refused), Sum(Fate.Unknown), Sum(Fate.Forbidden), Sum(Fate.StillBlocked), Sum(Fate.Unblocked)),
            Rows(Fate.Refused),
            Rows(Fate.Unknown),
            Rows(Fate.Forbidden),
            Rows(Fate.StillBlocked),
            Rows(Fate.Unblocked),
            hours,
            Math.Min(hours, traffic.HoursWithData.Count),
            [.. days.Where(day => !seen.Contains(day))],
            traffic.NotRestarted is { } quiet ? [.. quiet.Select(source => $"{source}")] : null,
            traffic.Notes);
    }

    /// <summary>The flow as policies see it. A policy on addresses needs the one that was dialled, and more than one name no single one.</summary>
    private static Flow Flow(ExportedFlow flow, Destination to, IReadOnlyList<IPAddress> addresses) => new(
        flow.Source,
        new(
            addresses.Count == 1 ? addresses[0] : null,
            flow.Port,
            to.Source == NameSource.Registry ? to.Name : "",
            to.Source == NameSource.Host ? to.Name : "",
            to.Source == NameSource.Sni ? to.Name : ""),
        flow.Route,
        flow.Protocol);
}
