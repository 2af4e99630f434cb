using System.Collections;
using System.IO.Compression;
using System.Text;
using EgressAlerts.Common;
using EgressAlerts.Export;
using EgressAlerts.Model;
using EgressAlerts.Testing;
using Prometheus;

namespace EgressAlerts.Tests.Export;

public sealed class ExpositionTests
{
    private readonly MetricRegistry _self = new();
    private readonly HandTime _time = new();
    private readonly Exposition _exposition;

    public ExpositionTests() => _exposition = new Exposition(_self, _time);

    [Fact]
    public void A_window_is_exposed_with_the_labels_of_the_contract_and_reads_back_equal()
    {
        Publish(Window(1));
        var text = Text(ExpositionFormat.PrometheusText);
        const string expected = "egress_requests_total{"
            + "source_cluster=\"west\",source_workload_namespace=\"shop\",source_workload=\"cart\",destination=\"api.example.com\",destination_port=\"443\","
            + "route=\"passthrough\",protocol=\"http\",response_flags=\"-\",response_code=\"200\"} 3\n";
        Assert.Contains(expected, text, StringComparison.Ordinal);
        var samples = PromSample.Parse(text);
        Assert.Equal(1234, samples.Single(sample => sample.Name == "egress_upload_bytes_total").Value);
        Assert.Equal("UF,URX", samples.Single(sample => sample.Name == "egress_connections_closed_total")["response_flags"]);
        var info = samples.Single(sample => sample.Name == "egress_destination_info");
        Assert.Equal(("host", "false", "team"), (info["name_source"], info["confirmed"], info["owner"]));
        Assert.Equal(4, samples.Single(sample => sample.Name == "egress_alerts_excluded_total").Value);
        var end = samples.Single(sample => sample.Name == "egress_alerts_last_window_end_timestamp_seconds").Value;
        Assert.Equal(Samples.Window(1).End.ToUnixTimeSeconds(), end);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    [InlineData(9007199254740991)]
    [InlineData(9007199254740992)]
    [InlineData(1e15)]
    [InlineData(123456789012345678)]
    public void A_counter_reads_back_as_it_was_counted(double value)
    {
        Publish(Window(1, [Series(Requests("a.example.com"), value)]));
        Assert.Equal(value, Assert.Single(PromSample.Parse(Text(ExpositionFormat.PrometheusText)), IsRequests).Value);
    }

    [Fact]
    public void Label_values_are_escaped_and_read_back_equal()
    {
        const string Hostile = "q\"b\\n\n{}é漢";
        Publish(Window(1, [Series(Requests(Hostile), 1)]));
        Assert.Equal(Hostile, Assert.Single(PromSample.Parse(Text(ExpositionFormat.PrometheusText)), IsRequests)["destination"]);
    }

    [Fact]
    public void A_help_text_is_escaped()
    {
        _self.Gauge("egress_alerts_a", "back\\slash\nline");
        Assert.Contains("# HELP egress_alerts_a back\\\\slash\\nline\n", Text(ExpositionFormat.PrometheusText), StringComparison.Ordinal);
    }

    [Fact]
    public void What_stages_measure_is_exposed_as_of_each_scrape_also_when_it_is_still_zero()
    {
        var counter = _self.Counter("egress_alerts_a_total", "A.", "reason");
        counter.WithLabels("x");
        counter.WithLabels("y").Inc(5);
        var histogram = _self.Histogram("egress_alerts_c_seconds", "C.", [0.1, 1]);
        foreach (var value in (double[])[0.05, 0.1, 0.5, 30]) histogram.Observe(value);
        var measured = 7;
        var gauge = _self.Gauge("egress_alerts_b", "B.");
        _self.BeforeScrape(() => gauge.Set(measured));

        string[] lines =
        [
            "# HELP egress_alerts_a_total A.", "# TYPE egress_alerts_a_total counter",
            "egress_alerts_a_total{reason=\"x\"} 0", "egress_alerts_a_total{reason=\"y\"} 5",
            "# HELP egress_alerts_b B.", "# TYPE egress_alerts_b gauge", "egress_alerts_b 7",
            "# HELP egress_alerts_c_seconds C.", "# TYPE egress_alerts_c_seconds histogram",
            "egress_alerts_c_seconds_bucket{le=\"0.1\"} 2", "egress_alerts_c_seconds_bucket{le=\"1\"} 3", "egress_alerts_c_seconds_bucket{le=\"+Inf\"} 4",
            "egress_alerts_c_seconds_sum 30.65", "egress_alerts_c_seconds_count 4",
        ];
        Assert.Equal(lines.Order(StringComparer.Ordinal), Lines(ExpositionFormat.PrometheusText).Order(StringComparer.Ordinal));
        measured = 8;
        Assert.Contains("egress_alerts_b 8", Lines(ExpositionFormat.PrometheusText));
    }

    [Fact]
    public void In_OpenMetrics_a_counters_family_has_no_suffix_nothing_has_an_exemplar_and_the_end_is_marked_once()
    {
        using var activity = new System.Diagnostics.Activity("a request that is traced").SetIdFormat(System.Diagnostics.ActivityIdFormat.W3C).Start();
        activity.ActivityTraceFlags = System.Diagnostics.ActivityTraceFlags.Recorded;
        _self.Counter("egress_alerts_a_total", "A.").Inc(2);
        _self.Histogram("egress_alerts_b_seconds", "B.", [0.5, 1]).Observe(0.75);
        Publish(Window(1));
        var text = Text(ExpositionFormat.OpenMetricsText);
        Assert.Contains("# TYPE egress_alerts_a counter\negress_alerts_a_total 2.0\n", text, StringComparison.Ordinal);
        Assert.Contains("egress_alerts_b_seconds_bucket{le=\"1.0\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE egress_requests counter\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("_id", text, StringComparison.Ordinal);
        Assert.Equal(text.Length - "# EOF\n".Length, text.IndexOf("# EOF\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ExpositionFormat.PrometheusText)]
    [InlineData(ExpositionFormat.OpenMetricsText)]
    public void The_compressed_body_is_the_plain_one(ExpositionFormat format)
    {
        Publish(Window(1));
        var scrape = _exposition.Render(format);
        using var whole = new GZipStream(new MemoryStream([.. scrape.Compress().Span]), CompressionMode.Decompress);
        using var reader = new StreamReader(whole);
        Assert.Equal(Text(scrape), reader.ReadToEnd());
    }

    [Fact]
    public void Scrapes_of_one_window_share_its_bytes_in_each_format()
    {
        Publish(Window(1));
        Assert.True(_exposition.Render(ExpositionFormat.PrometheusText).Plain[0].Equals(_exposition.Render(ExpositionFormat.PrometheusText).Plain[0]));
        Assert.False(_exposition.Render(ExpositionFormat.PrometheusText).Plain[0].Equals(_exposition.Render(ExpositionFormat.OpenMetricsText).Plain[0]));
    }

    [Fact]
    public void A_series_that_is_retired_is_gone_and_one_that_comes_back_in_its_place_begins_at_its_own_value()
    {
        var (stays, goes) = (Series(Requests("a.example.com"), 3), Series(Requests("b.example.com"), 7));
        Publish(Window(1, [stays, goes]));
        Publish(Window(2, [stays]));
        Assert.Equal(["a.example.com 3"], Shown());
        Publish(Window(3, [stays, goes]));
        Publish(Window(4, [stays, Series(Requests("b.example.com"), 1)]));
        Assert.Equal(["a.example.com 3", "b.example.com 1"], Shown());
    }

    [Fact]
    public void A_destination_of_which_something_else_is_known_now_is_shown_once()
    {
        Publish(Window(1));
        Publish(Window(2, destinations: [new("api.example.com", NameSource.Host, true, "team", "net", "eu")]));
        var info = Assert.Single(PromSample.Parse(Text(ExpositionFormat.PrometheusText)), sample => sample.Name == "egress_destination_info");
        Assert.Equal("true", info["confirmed"]);
    }

    [Fact]
    public void When_the_pass_begins_anew_without_its_state_all_counters_do()
    {
        Publish(Window(1, [Series(Requests("a.example.com"), 3)], counted: 10));
        Publish(Window(2, [Series(Requests("a.example.com"), 1)], counted: 1));
        Assert.Equal(["a.example.com 1"], Shown());
        Assert.Equal(1, Assert.Single(PromSample.Parse(Text(ExpositionFormat.PrometheusText)), IsCounted).Value);
    }

    [Fact]
    public async Task A_scrape_during_a_commit_never_shows_two_windows()
    {
        // In each window every series and the account of them show the window's number.
        var keys = Enumerable.Range(0, 100).Select(i => new CounterSeries(Requests($"{i}.example.com"))).ToList();
        for (var number = 1; number <= 500; number++)
        {
            var scrape = Task.FromResult<Scrape>(null!);
            var format = number % 2 == 0 ? ExpositionFormat.PrometheusText : ExpositionFormat.OpenMetricsText;
            void BeginScrape()
            {
                scrape = Task.Run(() => _exposition.Render(format));
                scrape.Wait(TimeSpan.FromMilliseconds(2)); // A scrape that did not wait for the end of the commit would be over by then.
            }

            Publish(Window(number, new PausingList([.. keys.Select(key => new ExportedSeries(key, number))], BeginScrape), counted: number));
            var shown = PromSample.Parse(Text(await scrape)).Where(sample => IsRequests(sample) || IsCounted(sample)).Select(sample => sample.Value).ToList();
            Assert.Equal(101, shown.Count);
            Assert.Equal(number, Assert.Single(shown.Distinct()));
        }
    }

    [Fact]
    public void New_series_may_show_their_value_when_their_0_was_scraped_or_nobody_scrapes()
    {
        Assert.True(_exposition.MayShowNew); // Nothing is published.
        Publish(Window(1));
        Assert.True(_exposition.MayShowNew); // Nobody has ever scraped.
        _exposition.Delivered(_exposition.Render(ExpositionFormat.PrometheusText));
        Assert.True(_exposition.MayShowNew);
        Publish(Window(2));
        Assert.False(_exposition.MayShowNew); // Somebody scrapes, but has not seen this one.
        var late = _exposition.Render(ExpositionFormat.PrometheusText);
        Publish(Window(3));
        _exposition.Delivered(late); // What arrived was the one before.
        Assert.False(_exposition.MayShowNew);
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.True(_exposition.MayShowNew);
    }

    private void Publish(CounterSnapshot counters) => _exposition.Publish(counters, Samples.Ledger);

    private string Text(ExpositionFormat format) => Text(_exposition.Render(format));

    private static string Text(Scrape scrape) => string.Concat(scrape.Plain.Select(part => Encoding.UTF8.GetString(part.Span)));

    private string[] Lines(ExpositionFormat format) => Text(format).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private IEnumerable<string> Shown() => PromSample.Parse(Text(ExpositionFormat.PrometheusText))
        .Where(IsRequests)
        .Select(sample => $"{sample["destination"]} {sample.Value}")
        .Order(StringComparer.Ordinal);

    private static bool IsCounted(PromSample sample) => sample.Name == "egress_alerts_counted_total" && sample["metric"] == "requests";

    private static bool IsRequests(PromSample sample) => sample.Name == "egress_requests_total";

    private static SeriesKey Requests(string destination) =>
        new(Metric.Requests, Samples.Cart with { Cluster = "west" }, destination, "443", Route.Passthrough, Protocol.Http, "200", "-");

    private static ExportedSeries Series(SeriesKey key, double value) => new(new CounterSeries(key), value);

    private static CounterSnapshot Window(
        int number, IReadOnlyList<ExportedSeries>? series = null, IReadOnlyList<Destination>? destinations = null, double counted = 3) => new(
        Samples.Window(number),
        series ??
        [
            Series(Requests("api.example.com"), 3),
            Series(Requests("api.example.com") with { Metric = Metric.UploadBytes, ResponseCode = "", ResponseFlags = "" }, 1234),
            Series(Requests("api.example.com") with { Metric = Metric.ConnectionsClosed, ResponseCode = "", ResponseFlags = "UF,URX" }, 2),
        ],
        destinations ?? [new("api.example.com", NameSource.Host, false, "team", "net", "eu")],
        new Totals(counted, 0, 2, 1234, 0), [], new Totals(), new(4, 0, 0, 100, 1, 0, 0, 3, 0));

    /// <summary>The series of a window; half-way through them something happens.</summary>
    private sealed class PausingList(IReadOnlyList<ExportedSeries> series, Action pause) : IReadOnlyList<ExportedSeries>
    {
        public int Count => series.Count;

        public ExportedSeries this[int index] => series[index];

        public IEnumerator<ExportedSeries> GetEnumerator()
        {
            for (var i = 0; i < Count; i++)
            {
                if (i == Count / 2) pause();
                yield return series[i];
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
