using Prometheus;

namespace EgressAlerts.Measuring;

public static class Gauges
{
    /// <summary>Shows these series and no others. One caller at a time.</summary>
    public static void Replace(this Gauge gauge, IEnumerable<(string[] Labels, double Value)> series)
    {
        var shown = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (labels, value) in series)
        {
            gauge.WithLabels(labels).Set(value);
            shown.Add(string.Join('\n', labels));
        }

        // What is gone goes last, so that no scrape misses what stays.
        foreach (var labels in gauge.GetAllLabelValues().Where(labels => !shown.Contains(string.Join('\n', labels)))) gauge.RemoveLabelled(labels);
    }
}
