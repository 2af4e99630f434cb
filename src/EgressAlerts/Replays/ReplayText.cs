using System.Text;
using EgressAlerts.Common;
using EgressAlerts.Polling;
using EgressAlerts.Web;

namespace EgressAlerts.Replays;

/// <summary>Writes a report for people. Names from the network are cleaned, so nothing in it can begin a line or control a terminal.</summary>
internal sealed class ReplayText
{
    /// <summary>So many rows of each list are written out.</summary>
    private const int MaxRows = 200;

    private readonly StringBuilder _text = new();

    public static string Of(ReplayReport report)
    {
        var text = new ReplayText();
        text.Head(report);
        text.List("Would be refused, and breaks what works today", report.Refused);
        text.List("Cannot be judged from metrics", report.Unknown);
        text.List("Would be refused, as a policy wants it", report.Forbidden);
        text.List("Is refused today, and would pass", report.Unblocked);
        text.List("Is refused today, and would be", report.StillBlocked);
        text.Sums(report);
        return text._text.ToString();
    }

    private void Head(ReplayReport report)
    {
        Line($"Replay of {report.Candidate}");
        var of = report.Namespace.Length > 0 ? $" of the namespace {report.Namespace}" : "";
        Line($"over the traffic from {report.From:yyyy-MM-dd HH:mm} to {report.To:yyyy-MM-dd HH:mm} UTC{of}.");
        Line($"There are data in {report.HoursWithData} of {report.Hours} hours{NoData(report.DaysWithoutData)}.");
        Line(report.NotRestarted switch
        {
            null => "It is not known which workloads started in this time, because Prometheus does not have Istio's own series of its beginning.",
            { Count: 0 } => "Every workload started at least once in this time.",
            var quiet => $"These workloads did not start in this time, so what they call at a start is not in it: {Listed(quiet)}.",
        });
        foreach (var note in report.Notes) Line($"Note: {QuotedText.Of(note, 300)}");
        Line();
        Line($"{PageText.Percent(report.Share)} of the wanted requests and connections would pass.");
        if (report.Refused.Count == 0) Line("Nothing that works today would be refused.");
    }

    private void List(string title, IReadOnlyList<ReplayRow> rows)
    {
        if (rows.Count == 0) return;
        Line();
        Line($"{title} ({rows.Count}):");
        foreach (var row in rows.Take(MaxRows))
        {
            var port = row.Port.Length > 0 ? row.Port : "?";
            Line();
            Line($"  {row.Namespace} -> {row.Destination} {port}/{row.Protocol}");
            Line(
                $"    {PageText.Number(row.Requests)} requests, {PageText.Number(row.Connections)} connections, {PageText.Bytes(row.UploadBytes)} out, "
                + $"{PageText.Bytes(row.DownloadBytes)} in, last on {row.Last:yyyy-MM-dd}, by {Listed(row.Workloads)}");
            Line($"    {row.Why}");
        }

        if (rows.Count <= MaxRows) return;
        Line();
        Line($"  and {rows.Count - MaxRows} more (-o json shows all)");
    }

    private void Sums(ReplayReport report)
    {
        Line();
        Line($"{"",-16} {"requests",16} {"opened",14} {"closed",14} {"bytes out",20} {"bytes in",20}");
        var sums = report.Sums;
        foreach (var (name, amounts) in new (string, PastAmounts)[]
        {
            ("passes", sums.Passes), ("refused", sums.Refused), ("cannot be judged", sums.Unknown), ("forbidden", sums.Forbidden),
            ("still blocked", sums.StillBlocked), ("unblocked", sums.Unblocked), ("all", report.Totals),
        })
        {
            Line(
                $"{name,-16} {PageText.Number(amounts.Requests),16} {PageText.Number(amounts.Opened),14} {PageText.Number(amounts.Closed),14} "
                + $"{PageText.Number(amounts.Upload),20} {PageText.Number(amounts.Download),20}");
        }
    }

    private static string NoData(IReadOnlyList<DateOnly> days) => days.Count == 0
        ? ""
        : $". There are none on {Listed([.. days.Select(day => FormattableString.Invariant($"{day:yyyy-MM-dd}"))])}: not calm, unknown";

    private static string Listed(IReadOnlyList<string> all)
    {
        const int most = 10;
        return string.Join(", ", all.Take(most)) + (all.Count > most ? FormattableString.Invariant($" and {all.Count - most} more") : "");
    }

    private void Line() => _text.Append('\n');

    private void Line(FormattableString text) => _text.Append(FormattableString.Invariant(text).TrimEnd()).Append('\n');

    private void Line(string text) => _text.Append(text).Append('\n');
}
