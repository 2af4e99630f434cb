using System.Diagnostics.Metrics;
using EgressAlerts.Export;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.IntegrationTests.Polling;

/// <summary>What Prometheus may answer instead of an answer: each is told, nothing is lost, and the window is read when it can be.</summary>
public sealed class PollerFailureTests : IAsyncLifetime
{
    private const string Jobs = """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"envoy"},"value":[1767268800,"1"]}]}}""";
    private const string Nothing = """{"status":"success","data":{"resultType":"matrix","result":[]}}""";
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly Meter _meter = new("test");
    private readonly ListLogger<Poller> _log = new();
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly SelfMetrics _self;
    private LoopbackServer _server = null!;
    private Poller _poller = null!;

    public PollerFailureTests() => _self = new SelfMetrics(_meter);

    public async Task InitializeAsync()
    {
        _server = await LoopbackServer.StartAsync();
        _server.Answer = Good(5);
        var options = new PollingOptions { Url = new Uri(_server.Address, "prefix?dedup=true"), Timeout = TimeSpan.FromSeconds(2), MaxResponseBytes = 1 << 20 };
        _poller = new Poller(_http, options, new TelemetryOptions(), new PollingMetrics(_meter), TimeProvider.System, _log);
        Assert.True((await ReadAsync(0))!.Baseline);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
        _self.Dispose();
        _meter.Dispose();
    }

    public static TheoryData<string, string, string> Answers() => new()
    {
        { "bad_json", "200 <html><body>502 Bad Gateway</body></html>", "it begins with '<html><body>502 Bad Gateway</body></html>': is prometheus.url a Prometheus, with the right path prefix?" },
        { "bad_json", "200 {\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"__name__\":\"istio_requests_total\"},\"values\":[[176726", "the answer is not what a query API sends" },
        { "bad_json", "200 {\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[]}}", "its resultType is neither matrix nor vector" },
        { "status", "422 {\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"query processing would load too many samples into memory\"}", "status 422, execution: query processing would load too many samples into memory" },
        { "status", "503 <html>busy</html>", "status 503 and '<html>busy</html>'" },
        { "status", "401 Unauthorized", "status 401 and 'Unauthorized'" },
        { "partial", "200 {\"status\":\"success\",\"isPartial\":true,\"data\":{\"resultType\":\"matrix\",\"result\":[]}}", "a storage node is missing; the window waits until it is back" },
        { "partial", "200 {\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]},\"warnings\":[\"store-2: connection refused\"]}", "it warns: store-2: connection refused" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_bad_answer_is_told_and_the_window_is_read_when_there_is_a_good_one(string reason, string answer, string message)
    {
        _server.Answer = OnMetric("istio_tcp_sent_bytes_total", Text(int.Parse(answer[..3], System.Globalization.CultureInfo.InvariantCulture), answer[4..]));
        await FailsAsync(reason, message);
    }

    [Fact]
    public async Task An_answer_of_2_GB_is_given_up_at_the_bound()
    {
        _server.Answer = OnMetric("istio_requests_total", async context =>
        {
            var chunk = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("""{"metric":{"a":"b"},"values":[[1,"1"]]},""", 1000)));
            await context.Response.Body.WriteAsync("""{"status":"success","data":{"resultType":"matrix","result":["""u8.ToArray());
            for (long sent = 0; sent < 2L << 30 && !context.RequestAborted.IsCancellationRequested; sent += chunk.Length) await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
        });
        await FailsAsync("too_large", "the answer is larger than prometheus.max_response_bytes (1048576): raise it, or narrow prometheus.matchers");
    }

    [Fact]
    public async Task An_answer_that_says_it_has_2_GB_is_not_even_read()
    {
        _server.Answer = OnMetric("istio_requests_total", async context =>
        {
            context.Response.ContentLength = 2L << 30;
            await context.Response.Body.FlushAsync();
            await LoopbackServer.NeverAnswerAsync(context);
        });
        await FailsAsync("too_large", "the answer is larger than prometheus.max_response_bytes");
    }

    [Fact]
    public async Task A_server_that_never_answers_is_a_timeout()
    {
        _server.Answer = LoopbackServer.NeverAnswerAsync;
        await FailsAsync("timeout", "no complete answer within prometheus.timeout (2 s)");
    }

    [Fact]
    public async Task A_connection_that_breaks_is_tried_again_at_once_and_nothing_counts_twice()
    {
        var broken = 0;
        var good = Good(9);
        _server.Answer = async context =>
        {
            var query = await QueryAsync(context);
            if (!query.StartsWith("istio_requests_total", StringComparison.Ordinal) || Interlocked.Increment(ref broken) > 2)
            {
                await good(context);
                return;
            }

            await context.Response.WriteAsync(Matrix(9)[..^20]);
            await context.Response.Body.FlushAsync();
            context.Abort();
        };
        var reading = await ReadAsync(1);
        Assert.Equal(4, Assert.Single(reading!.Increments).Amount);
        Assert.Equal(3, broken);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told_by_its_address()
    {
        await _server.DisposeAsync();
        Assert.Null(await ReadAsync(1));
        Assert.Contains($"connection: {_server.Address}prefix: Connection refused", _poller.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queries_ask_for_their_windows_end_below_the_prefix_and_keep_the_arguments()
    {
        var asked = new List<string>();
        _server.Answer = async context =>
        {
            asked.Add($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} time={context.Request.Form["time"]} {await QueryAsync(context)}");
            await Good(5)(context);
        };
        await ReadAsync(1);
        Assert.Equal("POST /prefix/api/v1/query?dedup=true time=1767268830 group by (job) (max_over_time(up[300000ms] offset 60000ms) == 1)", asked[0]);
        Assert.Contains("POST /prefix/api/v1/query?dedup=true time=1767268830 istio_requests_total{}[60000ms]", asked);
        Assert.Equal(8, asked.Count);
        Assert.DoesNotContain(asked, query => query.Contains("__name__", StringComparison.Ordinal)); // Looked for in the first window and then every ten minutes.
    }

    [Fact]
    public async Task Where_only_GET_is_let_through_it_is_used()
    {
        var good = Good(7);
        _server.Answer = context =>
        {
            if (context.Request.Method == "GET") return good(context);
            context.Response.StatusCode = 405;
            return Task.CompletedTask;
        };
        Assert.Equal(2, Assert.Single((await ReadAsync(1))!.Increments).Amount);
    }

    private async Task FailsAsync(string reason, string message)
    {
        Assert.Null(await ReadAsync(1));
        Assert.Null(await ReadAsync(1));
        Assert.Contains(message, _poller.Failure, StringComparison.Ordinal);
        var told = Assert.Single(_log.Entries, entry => entry.StartsWith("Error", StringComparison.Ordinal));
        Assert.Contains(message, told, StringComparison.Ordinal);
        Assert.Equal(2, _self.Sum("egress_alerts_query_failures_total", reason));

        _server.Answer = Good(8);
        var reading = await ReadAsync(1);
        Assert.Equal(3, Assert.Single(reading!.Increments).Amount);
        Assert.Equal("", _poller.Failure);
        Assert.Contains("Information: Prometheus answers again", _log.Entries);
    }

    private Task<Reading?> ReadAsync(int number) =>
        _poller.TryReadAsync(new Window(Noon.AddSeconds(30 * (number - 1)), Noon.AddSeconds(30 * number)), CancellationToken.None);

    /// <summary>A mesh with one series that has reached <paramref name="value"/>.</summary>
    private static RequestDelegate Good(int value) => async context =>
    {
        var query = await QueryAsync(context);
        await context.Response.WriteAsync(query.StartsWith("group by (job)", StringComparison.Ordinal) ? Jobs : query.StartsWith("istio_requests_total", StringComparison.Ordinal) ? Matrix(value) : Nothing);
    };

    private static RequestDelegate OnMetric(string metric, RequestDelegate answer) => async context =>
    {
        if ((await QueryAsync(context)).StartsWith(metric, StringComparison.Ordinal)) await answer(context);
        else await Good(8)(context);
    };

    private static RequestDelegate Text(int status, string text) => context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(text);
    };

    private static string Matrix(int value) =>
        """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"istio_requests_total","job":"envoy","reporter":"source","source_workload":"a","""
        + $$"""
        "destination_service_name":"PassthroughCluster","destination_service":"example.com"},"values":[[{{Noon.ToUnixTimeSeconds() + value - 10}},"{{value}}"]]}]} }
        """;

    private static async Task<string> QueryAsync(HttpContext context) =>
        (context.Request.Method == "GET" ? context.Request.Query["query"].ToString() : (await context.Request.ReadFormAsync())["query"].ToString());
}
