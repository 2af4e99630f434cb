using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Testing;

/// <summary>Answers <c>/api/v1/query</c> as Thanos Query does over Prometheus replicas that scrape the same targets. They are called a, b and so on.</summary>
/// <remarks>
/// Each query goes to every replica with the same <c>time</c>, and <see cref="AnswerMerge"/> makes one answer of theirs. Selectors and range selectors come out
/// as from Thanos. An aggregation does not: Thanos merges series before it aggregates, and here the first replica's result stands.
/// </remarks>
public sealed class MergingProxy : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private readonly LoopbackServer _server;
    private readonly IReadOnlyList<(string Name, Uri Query)> _replicas;

    private MergingProxy(LoopbackServer server, IReadOnlyList<PrometheusServer> replicas)
    {
        _server = server;
        _replicas = [.. replicas.Select((replica, position) => (((char)('a' + position)).ToString(), new Uri(replica.Address, "api/v1/query")))];
        server.Answer = AnswerAsync;
    }

    public Uri Address => _server.Address;

    /// <summary>How answers are merged. It may change at any time; a query keeps the mode with which it began.</summary>
    public MergeMode Mode { get; set; }

    /// <summary>The replica that is not asked, or null. Its absence becomes a warning, as is that of a replica that does not answer.</summary>
    public string? Missing { get; set; }

    /// <summary>A warning that says nothing about missing data, or null.</summary>
    public string? Note { get; set; }

    public static async Task<MergingProxy> StartAsync(MergeMode mode, params IReadOnlyList<PrometheusServer> replicas) =>
        new(await LoopbackServer.StartAsync(), replicas) { Mode = mode };

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path != "/api/v1/query")
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var mode = Mode;
        var query = await ReadAsync(context.Request);
        var answers = await Task.WhenAll(_replicas.Select(replica => AskAsync(replica, query, context.RequestAborted)));
        context.Response.ContentType = "application/json";
        if (answers.FirstOrDefault(answer => answer.Body?["status"]?.GetValue<string>() == "error") is { Body: not null } refused)
        {
            context.Response.StatusCode = refused.Status;
            await context.Response.WriteAsync(refused.Body.ToJsonString(), context.RequestAborted);
            return;
        }

        var merged = new JsonObject
        {
            ["status"] = "success",
            ["data"] = AnswerMerge.Merge(mode, [.. answers.Where(answer => answer.Body is not null).Select(answer => (answer.Replica, answer.Body!["data"]!))]),
        };
        if (Warnings(answers) is { Count: > 0 } warnings) merged["warnings"] = warnings;
        await context.Response.WriteAsync(merged.ToJsonString(), context.RequestAborted);
    }

    /// <summary>The parameters of either form of the request. Without a time both replicas are asked for the present one.</summary>
    private static async Task<Dictionary<string, string>> ReadAsync(HttpRequest request)
    {
        var given = request.HasFormContentType ? request.Query.Concat(await request.ReadFormAsync()) : request.Query;
        var query = given.GroupBy(parameter => parameter.Key).ToDictionary(parameter => parameter.Key, parameter => parameter.First().Value.ToString());
        query.TryAdd("time", (TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000m).ToString(CultureInfo.InvariantCulture));
        return query;
    }

    /// <returns>No body where the replica is missing.</returns>
    private async Task<(string Replica, int Status, JsonNode? Body)> AskAsync(
        (string Name, Uri Query) replica, Dictionary<string, string> query, CancellationToken cancel)
    {
        if (replica.Name == Missing) return (replica.Name, 0, null);
        try
        {
            using var form = new FormUrlEncodedContent(query);
            using var response = await Http.PostAsync(replica.Query, form, cancel);
            return (replica.Name, (int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(cancel)));
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            // It is down, or it is starting and says so in plain text.
            return (replica.Name, 0, null);
        }
    }

    private JsonArray Warnings(IReadOnlyList<(string Replica, int Status, JsonNode? Body)> answers)
    {
        var missing = answers.Where(answer => answer.Body is null).Select(answer =>
            $"fetch series for {{replica=\"{answer.Replica}\"}} Addr: 127.0.0.1:10901 MinTime: 0 MaxTime: 9223372036854775807: "
            + "rpc error: code = Unavailable desc = connection refused");
        var own = answers.SelectMany(answer => answer.Body?["warnings"]?.AsArray() ?? []).Select(warning => warning!.GetValue<string>());
        return [.. missing.Concat(own).Concat(Note is { } note ? [note] : []).Select(warning => (JsonNode)warning)];
    }
}
