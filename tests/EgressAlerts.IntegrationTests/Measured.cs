using System.Text;
using EgressAlerts.Export;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests;

/// <summary>What stages say about themselves, read from the exposition as Prometheus would.</summary>
internal static class Measured
{
    public static IReadOnlyList<PromSample> Samples(this SelfMetrics self) =>
        PromSample.Parse(Encoding.UTF8.GetString(new Exposition(self, TimeProvider.System).Render(ExpositionFormat.Text, gzip: false).Rest.Span));

    /// <summary>The sum of a metric's series, of those that carry <paramref name="label"/> as the value of any label where it is given.</summary>
    public static double Sum(this SelfMetrics self, string name, string? label = null) =>
        self.Samples().Where(sample => sample.Name == name && (label is null || sample.Labels.Values.Contains(label))).Sum(sample => sample.Value);
}
