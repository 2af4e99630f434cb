using System.Text.Json;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Polling;

/// <summary>A poller that has read its first window from a server that a test can make answer as it likes.</summary>
public abstract class PollerOverHttp : IAsyncLifetime
{
    private const string Jobs = """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"envoy"},"value":[1767268800,"1"]}]}}""";
    private const string Up = """
        {"status":"success","data":{"resultType":"vector","result":[
        {"metric":{"__name__":"up","job":"envoy","instance":"10.0.0.1:15090"},"value":[1767268800,"1"]}]}}
        """;

    protected const string Nothing = """{"status":"success","data":{"resultType":"matrix","result":[]}}""";
    protected static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    protected MetricRegistry Self { get; } = new();
    protected ListLogger<Poller> Log { get; } = new();
    protected HttpClient Http { get; } = HttpClients.Create(new HttpSettings(), NullLogger.Instance);
    protected HandTime Time { get; } = new();
    protected LoopbackServer Server { get; private set; } = null!;
    protected Poller Poller { get; set; } = null!;

    public async Task InitializeAsync()
    {
        Server = await LoopbackServer.StartAsync();
        Server.Answer = Good(5);
        // One query reads a metric.
        var options = new PollingOptions
        {
            Url = new Uri(Server.Address, "prefix?dedup=true"),
            Timeout = TimeSpan.FromSeconds(2),
            MaxResponseBytes = 1 << 20,
            Read = ReadMode.All,
        };
        Poller = new Poller(Http, options, new TelemetryOptions(), new PollingMetrics(Self), Store.InMemory().Read(), Time, Log);
        Assert.True(await ReadAsync(0) is { } first && Poller.BaselineEnd == first.Window.End);
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        Http.Dispose();
    }

    protected async Task FailsAsync(string reason, string message, int failedBefore = 0)
    {
        Assert.Null(await ReadAsync(1));
        Assert.Null(await ReadAsync(1));
        Assert.Contains(message, Poller.Failure, StringComparison.Ordinal);
        var told = Assert.Single(Log.Entries, entry => entry.StartsWith("Error", StringComparison.Ordinal));
        Assert.Contains(message, told, StringComparison.Ordinal);
        Assert.Equal(2 + failedBefore, Self.Sum("egress_alerts_query_failures_total", reason));

        Server.Answer = Good(8);
        var reading = await ReadAsync(1);
        Assert.Equal(3, Assert.Single(reading!.Increments).Amount);
        Assert.Equal("", Poller.Failure);
        Assert.Contains("Information: Prometheus answers again", Log.Entries);
    }

    protected Task<Reading?> ReadAsync(int number) =>
        Poller.TryReadAsync(new Window(Noon.AddSeconds(30 * (number - 1)), Noon.AddSeconds(30 * number)), CancellationToken.None);

    /// <summary>A mesh with one series that has reached <paramref name="value"/>.</summary>
    protected static RequestDelegate Good(int value) => async context => await context.Response.WriteAsync(Whole(await QueryAsync(context), value));

    protected static string Whole(string query, int value) =>
        query.StartsWith("group by (job)", StringComparison.Ordinal) ? Jobs
        : query.StartsWith("last_over_time(up", StringComparison.Ordinal) ? Up
        : query.StartsWith("istio_requests_total", StringComparison.Ordinal) ? Matrix(value)
        : Nothing;

    /// <summary>The same, and every answer has these warnings.</summary>
    protected static RequestDelegate Noted(int value, params string[] notes) => async context =>
    {
        var answer = Whole(await QueryAsync(context), value);
        await context.Response.WriteAsync(answer.TrimEnd()[..^1] + $",\"warnings\":{JsonSerializer.Serialize(notes)}}}");
    };

    protected static IEnumerable<string[]> Lines(string file) =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Polling", "testdata", file))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(" <= "));

    protected static string Success(string more) => $$$"""200 {"status":"success","data":{"resultType":"matrix","result":[]},{{{more}}}}""";

    protected static RequestDelegate OnMetric(string metric, RequestDelegate answer) => async context =>
    {
        if ((await QueryAsync(context)).StartsWith(metric, StringComparison.Ordinal)) await answer(context);
        else await Good(8)(context);
    };

    protected static RequestDelegate Text(int status, string text) => context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(text);
    };

    protected static string Matrix(int value) => $$"""
        {"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"istio_requests_total","job":"envoy","reporter":"source","source_workload":"a",
        "destination_service_name":"PassthroughCluster","destination_service":"example.com"},
        "values":[[{{Noon.ToUnixTimeSeconds() + value - 10}},"{{value}}"]]}]} }
        """;

    protected static async Task<string> QueryAsync(HttpContext context) =>
        (context.Request.Method == "GET" ? context.Request.Query["query"].ToString() : (await context.Request.ReadFormAsync())["query"].ToString());
}
