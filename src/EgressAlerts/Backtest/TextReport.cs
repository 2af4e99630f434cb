using System.Globalization;
using System.Text;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Model;

namespace EgressAlerts.Backtest;

/// <summary>Writes a report for people. Nothing in it that came over the network can begin a line or control a terminal.</summary>
internal sealed class TextReport
{
    /// <summary>So many alerts are written out, in each list.</summary>
    public const int MaxAlerts = 200;

    private const int MaxText = 300;

    private readonly StringBuilder _text = new();

    public static string Of(BacktestReport report)
    {
        var text = new TextReport();
        text.Head(report);
        text.CoverageOf(report.Coverage);
        text.Table(report);
        if (report.Workloads.Count > 0) text.Noisiest(report.Workloads);
        text.List("Alerts", report.Alerts, report.Unlisted);
        if (report.Against is { } against) text.Compare(against, report.Config);
        return text._text.ToString();
    }

    private void Head(BacktestReport report)
    {
        Line($"Backtest of {report.Config}, from {Time(report.From)} to {Time(report.To)} UTC ({DurationText.Exact(report.To - report.From)})");
        var interval = DurationText.Exact(TimeSpan.FromSeconds(report.IntervalSeconds));
        Line($"Windows of {interval}; {report.Series} raw series and {report.Samples} samples from {report.Source}.");
        foreach (var limit in report.Limits) Line(limit);
        foreach (var warning in report.Warnings) Line($"Warning: {QuotedText.Of(warning, MaxText)}");
    }

    private void CoverageOf(Coverage coverage)
    {
        Line();
        Line($"There is data in {coverage.HoursWithData} of {coverage.Hours} hours.");
        foreach (var day in coverage.Days.Where(day => day.HoursWithData < day.Hours))
        {
            Line(day.HoursWithData == 0
                ? $"No data on {day.Day:yyyy-MM-dd}: not calm, unknown."
                : (FormattableString)$"On {day.Day:yyyy-MM-dd} there is data in {day.HoursWithData} of {day.Hours} hours: the others are unknown.");
        }
    }

    /// <summary>A row for each name and severity, a column for each day.</summary>
    private void Table(BacktestReport report)
    {
        Line();
        if (report.Began == 0)
        {
            Line($"No alert would have begun.");
            return;
        }

        Line($"{report.Began} {(report.Began == 1 ? "alert" : "alerts")} would have begun, by day of the month (? is a day without data):");
        Line();
        var days = report.Coverage.Days;
        Line($"{"Alert",-22} {"Severity",-8} {"all",5} {string.Concat(days.Select(day => $"{day.Day:dd}".PadLeft(4)))}");
        foreach (var row in report.Counts.GroupBy(count => (count.Alertname, count.Severity)))
        {
            var byDay = row.ToDictionary(count => count.Day, count => count.Alerts);
            var cells = days.Select(day => byDay.TryGetValue(day.Day, out var alerts) ? $"{alerts}" : day.HoursWithData == 0 ? "?" : ".");
            Line($"{row.Key.Alertname,-22} {row.Key.Severity,-8} {row.Sum(count => count.Alerts),5} {string.Concat(cells.Select(cell => cell.PadLeft(4)))}");
        }
    }

    private void Noisiest(IReadOnlyList<WorkloadCount> workloads)
    {
        Line();
        Line($"Workloads with most alerts:");
        Line();
        foreach (var workload in workloads) Line($"{workload.Alerts,5}  {workload.Namespace}/{workload.Workload}");
    }

    private void Compare(Comparison against, string config)
    {
        Line();
        Line($"+{against.Added.Count} -{against.Removed.Count} against {against.Config}");
        List($"Only {config} alerts on these", against.Added, 0);
        List($"Only {against.Config} alerts on these", against.Removed, 0);
    }

    private void List(string title, IReadOnlyList<PlayedAlert> alerts, int unlisted)
    {
        if (alerts.Count == 0) return;
        Line();
        Line($"{title}, times in UTC:");
        Line();
        foreach (var alert in alerts.Take(MaxAlerts))
        {
            var about = alert.Workload.Length > 0 ? $"  {alert.Namespace}/{alert.Workload}" : "";
            var to = alert.Destination.Length > 0 ? $"  to {alert.Destination}" : "";
            Line($"{Time(alert.Begin)}  {(alert.End is { } end ? "until " + Time(end) : "still firing"),-25}  {alert.Alertname}  {alert.Severity}{about}{to}");
            Line($"    {QuotedText.Of(alert.Summary, MaxText)}");
        }

        if (alerts.Count > MaxAlerts) Line($"and {alerts.Count - MaxAlerts} more (-o json shows all)");
        if (unlisted > 0) Line($"and {unlisted} that are only counted, because at most {PlayedAlerts.MaxListed} are listed");
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private void Line() => _text.Append('\n');

    private void Line(FormattableString text) => _text.Append(FormattableString.Invariant(text).TrimEnd()).Append('\n');

    private void Line(string text) => _text.Append(text).Append('\n');
}
