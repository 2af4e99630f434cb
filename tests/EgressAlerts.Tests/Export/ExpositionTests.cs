using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.Metrics;
using System.IO.Compression;
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
        var exposition = new Exposition(new SelfMetrics(new Meter("test")), TimeProvider.System);
        exposition.Publish(Sample());
        var text = Encoding.UTF8.GetString(exposition.Render(ExpositionFormat.Text, gzip: false).First.Span);
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

        var text = Encoding.UTF8.GetString(new Exposition(self, TimeProvider.System).Render(ExpositionFormat.Text, gzip: false).Rest.Span);
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
        Assert.Contains("egress_alerts_b 8\n", Encoding.UTF8.GetString(new Exposition(self, TimeProvider.System).Render(ExpositionFormat.Text, gzip: false).Rest.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void In_OpenMetrics_a_counters_family_has_no_suffix_help_is_escaped_bounds_are_floats_and_the_end_is_marked()
    {
        using var meter = new Meter("test");
        using var self = new SelfMetrics(meter);
        meter.CreateCounter<long>("egress_alerts_a_total", null, "Say \"a\".").Add(2);
        meter.CreateHistogram("egress_alerts_b_seconds", null, "B.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] }).Record(0.75);
        Assert.Equal(
            """
            # HELP egress_alerts_a Say \"a\".
            # TYPE egress_alerts_a counter
            egress_alerts_a_total 2
            # HELP egress_alerts_b_seconds B.
            # TYPE egress_alerts_b_seconds histogram
            egress_alerts_b_seconds_bucket{le="0.5"} 0
            egress_alerts_b_seconds_bucket{le="1.0"} 1
            egress_alerts_b_seconds_bucket{le="+Inf"} 1
            egress_alerts_b_seconds_sum 0.75
            egress_alerts_b_seconds_count 1
            # EOF

            """,
            Text(new Exposition(self, TimeProvider.System).Render(ExpositionFormat.OpenMetrics, gzip: false).Rest));
    }

    [Fact]
    public void When_a_counter_began_is_said_in_OpenMetrics_alone_and_only_if_wanted()
    {
        Assert.DoesNotContain("_created", Text(Exposed(created: false).Render(ExpositionFormat.OpenMetrics, gzip: false).First), StringComparison.Ordinal);
        Assert.DoesNotContain("_created", Text(Exposed(created: true).Render(ExpositionFormat.Text, gzip: false).First), StringComparison.Ordinal);
        Assert.Contains(
            """
            egress_upload_bytes_total{source_workload_namespace="shop",source_workload="cart",destination="api.example.com",destination_port="443",route="passthrough",protocol="http"} 1234
            egress_upload_bytes_created{source_workload_namespace="shop",source_workload="cart",destination="api.example.com",destination_port="443",route="passthrough",protocol="http"} 1767268800

            """,
            Text(Exposed(created: true).Render(ExpositionFormat.OpenMetrics, gzip: false).First),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ExpositionFormat.Text)]
    [InlineData(ExpositionFormat.OpenMetrics)]
    public void What_is_compressed_once_and_what_is_new_in_each_scrape_are_one_gzip_stream(ExpositionFormat format)
    {
        var exposition = Exposed(created: false);
        var (plain, packed) = (exposition.Render(format, gzip: false), exposition.Render(format, gzip: true));
        using var whole = new GZipStream(new MemoryStream([.. packed.First.Span, .. packed.Rest.Span]), CompressionMode.Decompress);
        using var reader = new StreamReader(whole);
        Assert.Equal(Text(plain.First) + Text(plain.Rest), reader.ReadToEnd());
        var bytes = (byte[])[.. plain.First.Span, .. plain.Rest.Span];
        Assert.Equal((uint)bytes.Length, BinaryPrimitives.ReadUInt32LittleEndian(packed.Rest.Span[^4..]));
        Assert.Equal(Crc32.Append(0, bytes), BinaryPrimitives.ReadUInt32LittleEndian(packed.Rest.Span[^8..^4]));
    }

    [Fact]
    public void The_checksum_is_that_of_gzip() => Assert.Equal((0xCBF43926u, 0u), (Crc32.Append(Crc32.Append(0, "1234"u8), "56789"u8), Crc32.Append(0, [])));

    [Fact]
    public void Scrapes_of_one_snapshot_share_its_bytes_in_each_format()
    {
        var exposition = Exposed(created: false);
        Assert.True(exposition.Render(ExpositionFormat.Text, gzip: false).First.Equals(exposition.Render(ExpositionFormat.Text, gzip: false).First));
        Assert.True(exposition.Render(ExpositionFormat.Text, gzip: true).First.Equals(exposition.Render(ExpositionFormat.Text, gzip: true).First));
        Assert.False(exposition.Render(ExpositionFormat.Text, gzip: false).First.Equals(exposition.Render(ExpositionFormat.OpenMetrics, gzip: false).First));
    }

    [Fact]
    public void New_series_may_show_their_value_when_their_0_was_scraped_or_nobody_scrapes()
    {
        var time = new HandTime();
        var exposition = new Exposition(new SelfMetrics(new Meter("test")), time);
        Assert.True(exposition.MayShowNew); // Nothing is published.
        exposition.Publish(Sample());
        Assert.True(exposition.MayShowNew); // Nobody has ever scraped.
        exposition.Render(ExpositionFormat.Text, gzip: false).Delivered();
        Assert.True(exposition.MayShowNew);
        exposition.Publish(Sample());
        Assert.False(exposition.MayShowNew); // Somebody scrapes, but has not seen this one.
        var late = exposition.Render(ExpositionFormat.Text, gzip: false);
        exposition.Publish(Sample());
        late.Delivered(); // What arrived was the one before.
        Assert.False(exposition.MayShowNew);
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.True(exposition.MayShowNew);
    }

    private static Exposition Exposed(bool created)
    {
        var exposition = new Exposition(new SelfMetrics(new Meter("test")), TimeProvider.System, created);
        exposition.Publish(Sample());
        return exposition;
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static string Written(Action<ExpositionWriter> write, string help = "M.")
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new ExpositionWriter(buffer);
        writer.Family("m", "gauge", help);
        write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static ExportedSeries Series(SeriesKey key, double value) => new(new CounterSeries(key, (uint)Samples.Start.ToUnixTimeSeconds()), value);

    private static Admitted Sample()
    {
        var labels = new FlowLabels("shop", "cart", "api.example.com", "443", Route.Passthrough, Protocol.Http);
        return new Admitted(
            Samples.Window(1),
            new Accounts(Samples.Start, [new(Metric.Requests, "in_mesh", 4)]),
            [
                Series(new(Metric.Requests, labels, "200", "-"), 3),
                Series(new(Metric.UploadBytes, labels, "", ""), 1234),
                Series(new(Metric.ConnectionsClosed, labels, "", "UF,URX"), 2),
            ],
            [new("api.example.com", NameSource.Host, false, "team", "net", "eu")],
            new Totals([3, 0, 2, 1234, 0]), [], [], new Totals(), new(4, 0, 0, 100, 1, 0, 0, 3, 0));
    }
}
