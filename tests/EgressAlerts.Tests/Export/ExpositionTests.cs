using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using EgressAlerts.Export;
using EgressAlerts.Model;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Export;

public sealed class ExpositionTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1e15, "1000000000000000")]
    [InlineData(9007199254740992, "9007199254740992")]
    [InlineData(0.1, "0.1")]
    [InlineData(-2.5, "-2.5")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    public void Numbers_are_written_as_Prometheus_reads_them(double value, string expected) => Assert.EndsWith($"m {expected}\n", Written(writer => writer.Sample(value)), StringComparison.Ordinal);

    [Fact]
    public void Text_is_escaped_in_label_values_and_help() => Assert.Equal(
        "# HELP m back\\\\slash\\nline\n# TYPE m gauge\nm{a=\"q\\\"b\\\\n\\n\",b=\"\"} 1\n",
        Written(writer => writer.Sample(1, ("a", "q\"b\\n\n"), ("b", "")), "back\\slash\nline"));

    [Fact]
    public void A_window_is_exposed_with_the_labels_of_the_contract_and_reads_back_equal()
    {
        var exposition = new Exposition(new SelfMetrics(new Meter("test")));
        var labels = new FlowLabels("shop", "cart", "api.example.com", "443", Route.Passthrough, Protocol.Http);
        exposition.Publish(new Admitted(
            Samples.Window(1),
            new Accounts(Samples.Start, [new(Metric.Requests, "in_mesh", 4)]),
            [
                new(new(Metric.Requests, labels, "200", "-"), 3),
                new(new(Metric.UploadBytes, labels, "", ""), 1234),
                new(new(Metric.ConnectionsClosed, labels, "", "UF,URX"), 2),
            ],
            [new("api.example.com", NameSource.Host, false, "team", "net", "eu")],
            new Totals([3, 0, 2, 1234, 0]), [], new Totals(), 0, 100));
        var text = Encoding.UTF8.GetString(exposition.Render().Snapshot.Span);
        Assert.Contains("""egress_requests_total{source_workload_namespace="shop",source_workload="cart",destination="api.example.com",destination_port="443",route="passthrough",protocol="http",response_flags="-",response_code="200"} 3""", text, StringComparison.Ordinal);
        var samples = PromSample.Parse(text);
        Assert.Equal(1234, samples.Single(sample => sample.Name == "egress_upload_bytes_total").Value);
        Assert.Equal("UF,URX", samples.Single(sample => sample.Name == "egress_connections_closed_total")["response_flags"]);
        Assert.Equal(("host", "false", "team"), (samples.Single(sample => sample.Name == "egress_destination_info") is var info ? (info["name_source"], info["confirmed"], info["owner"]) : default));
        Assert.Equal(4, samples.Single(sample => sample.Name == "egress_alerts_excluded_total").Value);
        Assert.Equal(Samples.Window(1).End.ToUnixTimeSeconds(), samples.Single(sample => sample.Name == "egress_alerts_last_window_end_timestamp_seconds").Value);
    }

    [Fact]
    public void What_stages_measure_is_exposed_also_when_it_is_still_zero()
    {
        using var meter = new Meter("test");
        using var self = new SelfMetrics(meter);
        var counter = meter.CreateCounter<long>("egress_alerts_a_total", null, "A.");
        counter.Add(0, new KeyValuePair<string, object?>("reason", "x"));
        counter.Add(2, new KeyValuePair<string, object?>("reason", "y"));
        counter.Add(3, new KeyValuePair<string, object?>("reason", "y"));
        var observed = 7;
        meter.CreateObservableGauge("egress_alerts_b", () => observed, null, "B.");
        var histogram = meter.CreateHistogram("egress_alerts_c_seconds", "s", "C.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var value in (double[])[0.05, 0.1, 0.5, 30]) histogram.Record(value);

        var text = Encoding.UTF8.GetString(new Exposition(self).Render().Self.Span);
        Assert.Equal(
            """
            # HELP egress_alerts_a_total A.
            # TYPE egress_alerts_a_total counter
            egress_alerts_a_total{reason="x"} 0
            egress_alerts_a_total{reason="y"} 5
            # HELP egress_alerts_b B.
            # TYPE egress_alerts_b gauge
            egress_alerts_b 7
            # HELP egress_alerts_c_seconds C.
            # TYPE egress_alerts_c_seconds histogram
            egress_alerts_c_seconds_bucket{le="0.1"} 2
            egress_alerts_c_seconds_bucket{le="1"} 3
            egress_alerts_c_seconds_bucket{le="+Inf"} 4
            egress_alerts_c_seconds_sum 30.65
            egress_alerts_c_seconds_count 4

            """,
            text);
        observed = 8;
        Assert.Contains("egress_alerts_b 8\n", Encoding.UTF8.GetString(new Exposition(self).Render().Self.Span), StringComparison.Ordinal);
    }

    private static string Written(Action<ExpositionWriter> write, string help = "M.")
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new ExpositionWriter(buffer);
        writer.Family("m", "gauge", help);
        write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
