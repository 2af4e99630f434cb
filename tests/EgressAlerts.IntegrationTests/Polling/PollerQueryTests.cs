using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.IntegrationTests.Polling;

/// <summary>The requests that the poller sends.</summary>
public sealed class PollerQueryTests : PollerOverHttp
{
    [Fact]
    public async Task Every_query_asks_the_server_to_refuse_a_partial_answer()
    {
        var asked = new List<string>();
        Server.Answer = async context =>
        {
            asked.Add($"{context.Request.Form["partial_response"]}/{context.Request.Form["deny_partial_response"]}");
            await Good(5)(context);
        };
        Assert.NotNull(await ReadAsync(1));
        Assert.All(asked, arguments => Assert.Equal("false/1", arguments));
    }

    [Fact]
    public async Task A_server_that_refuses_arguments_it_does_not_know_is_asked_without_them()
    {
        // Google Cloud Managed Service for Prometheus, 2024.
        const string Refusal = """
            {"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"partial_response\": Cannot bind query parameter. "}}
            """;
        var refused = 0;
        Server.Answer = async context =>
        {
            var isRefused = (await context.Request.ReadFormAsync()).ContainsKey("partial_response");
            if (isRefused) Interlocked.Increment(ref refused);
            await (isRefused ? Text(400, Refusal) : Good(9))(context);
        };
        Assert.Equal(4, Assert.Single((await ReadAsync(1))!.Increments).Amount);
        Assert.NotNull(await ReadAsync(2));
        Assert.Equal(1, refused);
    }

    [Fact]
    public async Task A_window_that_is_not_over_by_the_servers_clock_waits()
    {
        var good = Good(8);
        Server.Answer = context =>
        {
            context.Response.Headers.Date = Noon.AddSeconds(27).ToString("R");
            return good(context);
        };
        await FailsAsync("clock", "the server's clock shows 2026-01-01 12:00:27Z, but the window ends at 2026-01-01 12:00:30Z");
    }

    [Fact]
    public async Task Queries_ask_for_their_windows_end_below_the_prefix_and_keep_the_arguments()
    {
        var asked = new List<string>();
        Server.Answer = async context =>
        {
            var request = context.Request;
            asked.Add($"{request.Method} {request.Path}{request.QueryString} time={request.Form["time"]} {await QueryAsync(context)}");
            await Good(5)(context);
        };
        await ReadAsync(1);
        Assert.Equal("POST /prefix/api/v1/query?dedup=true time=1767268830 group by (job) (max_over_time(up[300000ms] offset 60000ms) == 1)", asked[0]);
        Assert.Contains("POST /prefix/api/v1/query?dedup=true time=1767268830 last_over_time(up[300000ms])", asked);
        Assert.Contains("POST /prefix/api/v1/query?dedup=true time=1767268830 istio_requests_total{}[150000ms]", asked);
        Assert.Equal(9, asked.Count);

        // Mangled names are looked for in the first window, and then every ten minutes.
        Assert.DoesNotContain(asked, query => query.Contains("__name__", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_only_GET_is_let_through_it_is_used_with_the_same_arguments()
    {
        var asked = new List<string>();
        var good = Good(7);
        Server.Answer = context =>
        {
            asked.Add($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
            if (context.Request.Method == "GET") return good(context);
            context.Response.StatusCode = 405;
            return Task.CompletedTask;
        };
        Assert.Equal(2, Assert.Single((await ReadAsync(1))!.Increments).Amount);
        Assert.Equal("POST /prefix/api/v1/query?dedup=true", asked[0]);
        Assert.All(asked.Skip(1), request => Assert.StartsWith("GET /prefix/api/v1/query?dedup=true&query=", request, StringComparison.Ordinal));
        Assert.Equal(9, asked.Count(request => request.EndsWith("&time=1767268830&partial_response=false&deny_partial_response=1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_the_url_says_about_partial_answers_is_left_as_it_is()
    {
        var asked = new List<string>();
        Server.Answer = async context =>
        {
            asked.Add($"{context.Request.QueryString} {context.Request.Form["partial_response"]}/{context.Request.Form["deny_partial_response"]}");
            await Good(5)(context);
        };
        var options = new PollingOptions { Url = new Uri(Server.Address, "?partial_response=true&a=%26b%20c"), Read = ReadMode.All };
        var poller = new Poller(Http, options, new TelemetryOptions(), new PollingMetrics(Self), Store.InMemory().Read(), Time, Log);
        Assert.NotNull(await poller.TryReadAsync(new Window(Noon, Noon.AddSeconds(30)), CancellationToken.None));
        Assert.All(asked, query => Assert.Equal("?partial_response=true&a=%26b%20c /1", query));
    }
}
