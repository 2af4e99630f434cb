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
        PerMetric(writer, "egress_alerts_waiting", "gauge", "Counted, but not yet in any series: the name of the destination is being looked up, or a new series shows 0 first; /api/v1/waiting lists it.", Waiting(admitted));
        PerMetric(writer, "egress_alerts_retired_total", "counter", "What idle series held when they gave their place up.", admitted.Retired);
        writer.Family("egress_alerts_excluded_total", "counter", "What was seen in Istio's counters and left out, by reason.");
        foreach (var sum in admitted.Accounts.Excluded.OrderBy(sum => sum.Metric).ThenBy(sum => sum.Reason, StringComparer.Ordinal))
            writer.Sample(sum.Amount, ("metric", sum.Metric.Word()), ("reason", sum.Reason));
        var budget = admitted.Budget;
        writer.Family("egress_alerts_series", "gauge", "Exported egress_* series: live ones count against the limit, those of overflow do not, retired ones gave their place up after being idle.");
        writer.Sample(budget.Live, ("state", "live"));
        writer.Sample(budget.Overflow, ("state", "overflow"));
        writer.Sample(budget.RetiredSeries, ("state", "retired"));
        Single("egress_alerts_series_limit", "gauge", "The most live egress_* series (cardinality.max_series).", budget.Limit);
        Single("egress_alerts_destinations_wanted", "gauge", "Pairs of workload and destination that would have series without a budget, those without a place estimated within 2 % over one to two days.", budget.Wanted);
        Single("egress_alerts_destinations_promoted_total", "counter", "Destinations that found a place after they had been folded.", budget.Promoted);
        Single("egress_alerts_destinations_rolled_up", "gauge", "Parents (*.example.com) under which a workload's new destinations are summed because places are scarce.", budget.RolledUp);
        writer.Family("egress_alerts_increments_total", "counter", "Increments by where they were counted: in a series of their destination, or in an overflow.");
        writer.Sample(budget.Placed, ("state", "live"));
        writer.Sample(budget.Folded, ("state", "overflow"));

        void Single(string name, string type, string help, double value)
        {
            writer.Family(name, type, help);
            writer.Sample(value);
        }
    }

    private static void PerMetric(ExpositionWriter writer, string name, string type, string help, Totals totals)
    {
        writer.Family(name, type, help);
        foreach (var metric in Enum.GetValues<Metric>()) writer.Sample(totals[metric], ("metric", metric.Word()));
    }

    private static Totals Waiting(Admitted admitted)
    {
        var sums = new Totals();
        foreach (var increment in admitted.Waiting) sums.Add(increment.Metric, increment.Amount);
        foreach (var series in admitted.Withheld) sums.Add(series.Key.Metric, series.Value);
        return sums;
    }

    private static double Seconds(DateTimeOffset at) => at == default ? 0 : at.ToUnixTimeMilliseconds() / 1000.0;
}
