using Prometheus;

namespace EgressAlerts.Common;

/// <summary>Metrics that are exposed together: prometheus-net's, in a registry of their own, because its default one holds metrics about itself.</summary>
public sealed class MetricRegistry
{
    private const string EndOfOpenMetrics = "# EOF\n";

    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly MetricFactory _metrics;

    public MetricRegistry()
    {
        _metrics = Metrics.WithCustomRegistry(_registry);

        // Else each count in OpenMetrics would carry the trace of whatever request was under way.
        _metrics.ExemplarBehavior = ExemplarBehavior.NoExemplars();
    }

    /// <summary>A counter without labels is exposed as 0 at once; one with labels when a series is first used.</summary>
    public Counter Counter(string name, string help, params string[] labels) => _metrics.CreateCounter(name, Escaped(help), labels);

    public Gauge Gauge(string name, string help, params string[] labels) => _metrics.CreateGauge(name, Escaped(help), labels);

    /// <param name="bounds">The upper bounds of the buckets, ascending, without the infinite one.</param>
    public Histogram Histogram(string name, string help, double[] bounds, params string[] labels) =>
        _metrics.CreateHistogram(name, Escaped(help), labels, new HistogramConfiguration { Buckets = bounds });

    /// <summary>Runs before each scrape, to set what is measured only then.</summary>
    public void BeforeScrape(Action measure) => _registry.AddBeforeCollectCallback(measure);

    /// <summary>Appends all metrics. The line that ends OpenMetrics is left out where more follows.</summary>
    public void Write(MemoryStream to, ExpositionFormat format, bool isEnd)
    {
        _registry.CollectAndExportAsTextAsync(to, format).GetAwaiter().GetResult(); // It never waits: it writes into memory.
        if (format == ExpositionFormat.OpenMetricsText && !isEnd) to.SetLength(to.Length - EndOfOpenMetrics.Length);
    }

    /// <summary>The library writes help texts as they are, and a line break in one would break the whole scrape.</summary>
    private static string Escaped(string help) => help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}

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
