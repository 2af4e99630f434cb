using System.Globalization;
using System.Text;
using EgressAlerts.Common;
using EgressAlerts.Polling;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Polling;

public sealed class RangeReaderTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly HttpClient _http = HttpClients.Create(new HttpSettings(), NullLogger.Instance);
    private LoopbackServer _server = null!;

    public async Task InitializeAsync() => _server = await LoopbackServer.StartAsync();

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
    }

    [Fact]
    public async Task A_real_Prometheus_gives_a_value_for_every_step_that_has_one()
    {
        using var folder = new TemporaryFolder();
        var samples = new StringBuilder("# TYPE egress_upload_bytes counter\n");
        for (var minute = 0; minute <= 120; minute++)
        {
            samples.Append(
                CultureInfo.InvariantCulture,
                $"egress_upload_bytes_total{{destination=\"a.example.com\"}} {minute * 60_000} {Noon.AddMinutes(minute).ToUnixTimeSeconds()}\n");
        }

        await using var prometheus = await PrometheusServer.OnSamplesAsync(folder.Write("samples.om", samples.Append("# EOF\n").ToString()));
        var answer = await ReadAsync(prometheus.Address, "rate(egress_upload_bytes_total[5m]) * 60 or vector(0) / 0", from: -1, to: 3);
        Assert.Equal("", answer.Failure);
        Assert.Equal(2, answer.Series.Count); // The other one has no finite value.
        var series = answer.Series.Single(series => series.Labels.Count > 0);
        Assert.Equal("a.example.com", series.Labels["destination"]);
        Assert.Equal([60_000.0], series.Points.Select(point => Math.Round(point.Value)).Distinct());
        Assert.Equal((Noon.AddMinutes(10), Noon.AddMinutes(120)), (series.Points[0].At, series.Points[^1].At));
        Assert.All(answer.Series.Where(one => one != series), one => Assert.Empty(one.Points));

        Assert.StartsWith("status 400, bad_data: ", (await ReadAsync(prometheus.Address, "sum(", from: -1, to: 3)).Failure, StringComparison.Ordinal);
        Assert.Equal((0, ""), await ReadAsync(prometheus.Address, "nothing_total", from: -1, to: 3) is var none ? (none.Series.Count, none.Failure) : default);
    }

    [Fact]
    public async Task It_asks_with_GET_where_POST_is_not_let_through()
    {
        var asked = "";
        _server.Answer = context =>
        {
            context.Response.StatusCode = HttpMethods.IsPost(context.Request.Method) ? 405 : 200;
            asked = context.Request.Path + context.Request.QueryString.Value;
            return context.Response.WriteAsync(Matrix(1));
        };
        Assert.Single((await ReadAsync(new Uri(_server.Address, "prefix?tenant=a"), "up")).Series);
        Assert.Equal("/prefix/api/v1/query_range?tenant=a&query=up&start=1767265200&end=1767268800&step=600", asked);
    }

    [Theory]
    [InlineData(200, "<html>", "the answer is not what a query API sends; it begins with '<html>'")]
    [InlineData(401, "no", "status 401 and 'no': set prometheus.basic_auth or prometheus.authorization")]
    [InlineData(200, """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1e300,"1"]]}]}}""", "the answer is not")]
    [InlineData(200, """{"status":"success","data":{"resultType":"matrix","result":[{"metric":[],"values":[[1,"1"]]}]}}""", "the answer is not")]
    public async Task What_is_no_answer_is_a_failure_in_words(int status, string body, string failure)
    {
        _server.Answer = context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(body);
        };
        Assert.StartsWith(failure, (await ReadAsync(_server.Address, "up")).Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_large_for_a_page_is_a_failure()
    {
        _server.Answer = context => context.Response.WriteAsync(Matrix(1_001));
        Assert.StartsWith("the answer is too large for a page", (await ReadAsync(_server.Address, "up")).Failure, StringComparison.Ordinal);
        _server.Answer = context => context.Response.WriteAsync(Matrix(900).Replace("a", new string('a', 10_000), StringComparison.Ordinal));
        Assert.StartsWith("the answer is too large for a page", (await ReadAsync(_server.Address, "up")).Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_away_or_keeps_silent_is_a_failure_after_5_s_at_most()
    {
        var time = new HandTime(timers: true);
        var asked = new TaskCompletionSource();
        _server.Answer = context =>
        {
            asked.SetResult();
            return LoopbackServer.NeverAnswerAsync(context);
        };
        var silent = ReadAsync(_server.Address, "up", time: time);
        await asked.Task;
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("Prometheus gave no complete answer within 5 s", (await silent).Failure);
        Assert.Contains(
            "is prometheus.url right and the server up?",
            (await ReadAsync(new Uri($"http://127.0.0.1:{FreePort.Next()}"), "up")).Failure,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_ends_the_wait_ends_the_query()
    {
        using var leave = new CancellationTokenSource();
        _server.Answer = context =>
        {
            leave.Cancel();
            return LoopbackServer.NeverAnswerAsync(context);
        };
        var reader = new RangeReader(_http, new PollingOptions { Url = _server.Address }, new HandTime(timers: true));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.ReadAsync(new("up", Noon, Noon, TimeSpan.FromMinutes(1)), leave.Token));
    }

    private static string Matrix(int series)
    {
        var all = Enumerable.Range(0, series).Select(i => FormattableString.Invariant($$"""{"metric":{"a":"{{i}}"},"values":[[1767268800,"1"]]}"""));
        return $$$"""{"status":"success","data":{"resultType":"matrix","result":[{{{string.Join(',', all)}}}]}}""";
    }

    private Task<HistoryAnswer> ReadAsync(Uri url, string query, int from = -1, int to = 0, TimeProvider? time = null) =>
        new RangeReader(_http, new PollingOptions { Url = url }, time ?? TimeProvider.System)
            .ReadAsync(HistoryQuery.Aligned(query, Noon.AddHours(from), Noon.AddHours(to), TimeSpan.FromMinutes(10)), CancellationToken.None);
}
