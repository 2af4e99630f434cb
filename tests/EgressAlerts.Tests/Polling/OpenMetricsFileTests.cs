using EgressAlerts.Polling;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Polling;

public sealed class OpenMetricsFileTests : IDisposable
{
    private const string Series = "istio_requests_total{pod=\"a-1\",job=\"envoy\"}";
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Labels_with_escapes_times_with_fractions_and_exemplars_are_read()
    {
        var file = Read($$"""
            # HELP istio_requests Requests.
            # TYPE istio_requests counter
            istio_requests_total{pod="a \"b\" \\ c\nd",job="envoy",empty=""} 1 1767268800
            istio_requests_total{job="envoy",pod="a \"b\" \\ c\nd"} 2.5 1767268815.123 # {trace_id="x} 7"} 0.5 1767268815
            istio_requests_total{pod="a \"b\" \\ c\nd",job="envoy",empty=""} +Inf 1.76726883e9
            other_metric 7 1767268899
            # EOF
            """);
        file.AdvanceAsync(Noon, Noon.AddHours(1), default);
        var series = Assert.Single(file.Piece.SeriesOf("istio_requests_total"));
        Assert.Equal(
            [new("__name__", "istio_requests_total"), new("job", "envoy"), new("pod", "a \"b\" \\ c\nd")],
            LabelReader.Read(series.Labels).OrderBy(label => label.Key, StringComparer.Ordinal));
        Assert.Equal([new(1767268800_000, 1), new(1767268815_123, 2.5), new(1767268830_000, double.PositiveInfinity)], series.Samples.ToArray());
        Assert.Equal((Noon, Noon.AddSeconds(30)), file.Span);
    }

    [Theory]
    [InlineData(Series + " 1", "the sample has no timestamp")]
    [InlineData(Series + " one 1767268800", "the value is not a number")]
    [InlineData(Series + " 1 noon", "the timestamp is not a number of seconds since 1970")]
    [InlineData(Series + " 1 -5", "the timestamp is not a number of seconds since 1970")]
    [InlineData(Series + " 1 1767268800 7", "something that is no exemplar")]
    [InlineData(Series + "1 1767268800", "behind the labels there is not a space")]
    [InlineData("istio_requests_total{pod=\"a-1\"", "does not begin with a metric's name and its labels")]
    [InlineData("istio_requests_total{pod=a-1} 1 1767268800", "the labels are not written as")]
    [InlineData("istio_requests_total{pod=\"a\" job=\"b\"} 1 1767268800", "the labels are not written as")]
    [InlineData("istio_requests_total{pod=\"a\",pod=\"b\"} 1 1767268800", "the label pod is there twice")]
    [InlineData("{pod=\"a\"} 1 1767268800", "does not begin with a metric's name and its labels")]
    [InlineData("other_metric{a=\"b\"} x 1767268800", "the value is not a number")]
    [InlineData("# a remark", "a comment is none of")]
    [InlineData("", "the line is empty")]
    [InlineData(Series + " 1 1767268700", "the sample is not later than the one before it of the same series")]
    [InlineData(Series + " 2 1767268790", "the sample is not later than the one before it of the same series")]
    public void A_bad_line_is_an_error_with_its_number(string line, string wrong)
    {
        var e = Assert.Throws<HistoryException>(() => Read($"# TYPE istio_requests counter\n{Series} 1 1767268790\n{line}\n# EOF\n"));
        Assert.StartsWith($"{_folder.File("mesh.om")}:3: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(wrong, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_must_end_with_EOF_and_with_nothing_behind_it()
    {
        Assert.Contains("the last line is not '# EOF'", Wrong(() => Read($"{Series} 1 1767268800\n")), StringComparison.Ordinal);
        Assert.Contains(":2: there is text after '# EOF'", Wrong(() => Read($"# EOF\n{Series} 1 1767268800\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_an_error_that_names_it() =>
        Assert.Contains("--input /nowhere/mesh.om cannot be read", Wrong(() => OpenMetricsFile.Read("/nowhere/mesh.om", new())), StringComparison.Ordinal);

    [Fact]
    public void A_line_longer_than_a_mebibyte_is_an_error_and_needs_no_more_memory() =>
        Assert.Contains(":1: the line is longer than 1 MiB", Wrong(() => Read(new string('a', 3 << 20))), StringComparison.Ordinal);

    [Fact]
    public void A_file_with_more_samples_than_memory_should_hold_is_refused_and_the_error_says_what_to_do()
    {
        var text = string.Concat(Enumerable.Range(0, 70_000).Select(i => $"{Series} {i} {1767268800 + i}\n")) + "# EOF\n";
        var e = Assert.Throws<HistoryException>(() => Read(text, maxBytes: 1 << 20));
        Assert.Contains("more than fits into 1 MiB of memory", e.Message, StringComparison.Ordinal);
        Assert.Contains("promtool tsdb create-blocks-from openmetrics", e.Message, StringComparison.Ordinal);
        Read(text);
    }

    [Theory]
    [InlineData("job=\"envoy\"", 1)]
    [InlineData("job!=\"envoy\"", 0)]
    [InlineData("job=~\"env.*\"", 1)]
    [InlineData("job=~\"nv\"", 0)]
    [InlineData("job!~\"a|b\"", 1)]
    [InlineData("missing=\"\"", 1)]
    [InlineData("pod=~\"a\\\\-[0-9]\"", 1)]
    public void Matchers_select_series_of_a_file_as_a_server_would(string matcher, int series)
    {
        var file = Read($"{Series} 1 1767268800\nup{{job=\"other\"}} 1 1767268800\n# EOF\n", matcher: matcher);
        file.AdvanceAsync(Noon.AddMinutes(-1), Noon, default);
        Assert.Equal((series, 1), (file.Piece.SeriesOf("istio_requests_total").Count, file.Piece.SeriesOf("up").Count));
    }

    private static string Wrong(Func<OpenMetricsFile> read) => Assert.Throws<HistoryException>(read).Message;

    private OpenMetricsFile Read(string text, long maxBytes = OpenMetricsFile.MaxBytes, string? matcher = null) =>
        OpenMetricsFile.Read(_folder.Write("mesh.om", text), new PollingOptions { Matchers = matcher is null ? [] : [matcher] }, maxBytes);
}
