using EgressAlerts.Alerting;
using EgressAlerts.Common;

namespace EgressAlerts.Web;

/// <summary>Reads what the workload of an alert did, from some hours before the alert until some time after it.</summary>
internal static class AlertTraffic
{
    private const int MostSteps = 120;

    private static readonly TimeSpan Before = TimeSpan.FromHours(3);
    private static readonly TimeSpan After = TimeSpan.FromMinutes(30);

    /// <summary>Where nothing was counted before, the picture begins shortly before counting did.</summary>
    private static readonly TimeSpan BeforeBaseline = TimeSpan.FromMinutes(15);

    /// <summary>Alerts that are about how often, and not about how much.</summary>
    private static readonly string[] OfContacts =
        ["EgressBlocked", "EgressProbing", "EgressFanOut", "EgressBeaconing", "EgressMetadataService", "EgressForbidden", "EgressThreatListed"];

    public static async Task<TrafficModel?> ReadAsync(Alert alert, AlertSources sources, DateTimeOffset now, CancellationToken cancel)
    {
        if (!alert.Labels.ContainsKey("source_workload")) return null;
        var alertEnd = alert.ResolvedAt ?? now;
        var (start, end) = (alert.StartsAt - Before, alertEnd + After < now ? alertEnd + After : now);
        if (sources.Window?.Ledger.BaselineEnd is { } began && began > start && began < alert.StartsAt) start = began - BeforeBaseline;
        if (end < start) start = end; // The clock was set back.
        var step = HistorySteps.For(end - start, MostSteps, sources.Settings.Prometheus.Interval);
        var (isBytes, query) = (!OfContacts.Contains(alert.Labels["alertname"]), Query(alert, sources, step));

        var (first, last) = (HistorySteps.EndOfStep(start, step), HistorySteps.EndOfStep(end, step));
        var answer = await sources.History.ReadAsync(query, first, last, step, cancel);
        var values = new double[(int)((last - first) / step) + 1];
        foreach (var point in answer.Series.SelectMany(series => series.Points))
        {
            var at = (int)((point.At - first) / step);
            if (at >= 0 && at < values.Length) values[at] += Math.Max(0, point.Value);
        }

        var failure = answer.Failure.Length > 0 ? $"Prometheus gives no history: {answer.Failure}"
            : answer.Series.Count == 0 ? "Prometheus has no history of this traffic: it may not scrape this service, or it has no samples from that time."
            : "";
        return new(isBytes, query, first - step, last, step.TotalSeconds, failure.Length > 0 ? [] : values, alert.StartsAt, alertEnd, failure);
    }

    private static string Query(Alert alert, AlertSources sources, TimeSpan step)
    {
        var (matchers, range) = (AlertMatchers.Of(alert, sources.Settings.Detection.WorkloadGroups), DurationText.Exact(step));
        return OfContacts.Contains(alert.Labels["alertname"]) ? TrafficQueries.Contacts("", matchers, range) : TrafficQueries.Sent("", matchers, range);
    }
}
