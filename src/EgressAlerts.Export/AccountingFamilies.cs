using EgressAlerts.Model;

namespace EgressAlerts.Export;

/// <summary>The metrics by which anyone can check the counters against Istio's own.</summary>
internal static class AccountingFamilies
{
    public static void Write(ExpositionWriter writer, Admitted admitted)
    {
        writer.Family("egress_alerts_baseline_window_end_timestamp_seconds", "gauge", "The instant from which the exported counters have counted.");
        writer.Sample(Seconds(admitted.Accounts.BaselineEnd));
        writer.Family("egress_alerts_last_window_end_timestamp_seconds", "gauge", "The instant up to which the exported counters have counted.");
        writer.Sample(Seconds(admitted.Window.End));
        PerMetric(writer, "egress_alerts_counted_total", "counter", "Everything counted since the baseline, exported, waiting for a name or retired.", admitted.Counted);
        PerMetric(writer, "egress_alerts_waiting", "gauge", "Counted, but not yet in any series because the name of the destination is being looked up; /api/v1/waiting lists it.", Sums(admitted.Waiting));
        PerMetric(writer, "egress_alerts_retired_total", "counter", "What idle series held when they gave their place up.", admitted.Retired);
        writer.Family("egress_alerts_excluded_total", "counter", "What was seen in Istio's counters and left out, by reason.");
        foreach (var sum in admitted.Accounts.Excluded.OrderBy(sum => sum.Metric).ThenBy(sum => sum.Reason, StringComparer.Ordinal))
            writer.Sample(sum.Amount, ("metric", sum.Metric.Word()), ("reason", sum.Reason));
        writer.Family("egress_alerts_series", "gauge", "Exported egress_* series: live ones count against the limit, overflow ones do not.");
        writer.Sample(admitted.Series.Count - admitted.Overflow + admitted.Destinations.Count, ("state", "live"));
        writer.Sample(admitted.Overflow, ("state", "overflow"));
        writer.Family("egress_alerts_series_limit", "gauge", "The most live egress_* series (cardinality.max_series).");
        writer.Sample(admitted.Limit);
    }

    private static void PerMetric(ExpositionWriter writer, string name, string type, string help, Totals totals)
    {
        writer.Family(name, type, help);
        foreach (var metric in Enum.GetValues<Metric>()) writer.Sample(totals[metric], ("metric", metric.Word()));
    }

    private static Totals Sums(IEnumerable<Increment> increments)
    {
        var sums = new Totals();
        foreach (var increment in increments) sums.Add(increment.Metric, increment.Amount);
        return sums;
    }

    private static double Seconds(DateTimeOffset at) => at == default ? 0 : at.ToUnixTimeMilliseconds() / 1000.0;
}
