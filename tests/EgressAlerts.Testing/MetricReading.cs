using System.Text;
using EgressAlerts.Common;
using Prometheus;

namespace EgressAlerts.Testing;

/// <summary>Reads what a part says about itself, as Prometheus would.</summary>
public static class MetricReading
{
    public static IReadOnlyList<PromSample> Samples(this MetricRegistry metrics)
    {
        using var text = new MemoryStream();
        metrics.Write(text, ExpositionFormat.PrometheusText, isEnd: true);
        return PromSample.Parse(Encoding.UTF8.GetString(text.ToArray()));
    }

    /// <summary>The sum of a metric's series, of those that carry <paramref name="label"/> as the value of any label where it is given.</summary>
    public static double Sum(this MetricRegistry metrics, string name, string? label = null) =>
        metrics.Samples().Where(sample => sample.Name == name && (label is null || sample.Labels.Values.Contains(label))).Sum(sample => sample.Value);
}
