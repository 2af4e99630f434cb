using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Testing;

/// <summary>A query API over samples that a test made up: for data and faults that a real server cannot be brought to show on time.</summary>
/// <remarks>It answers <c>/api/v1/query</c> by GET and POST for the part of PromQL that <see cref="SampleQuery"/> reads. All members may be used at any time
/// and from any thread.</remarks>
public sealed class SampleStore : IAsyncDisposable
{
    /// <summary>Label values are written as Prometheus writes them, without escapes that JSON does not need.</summary>
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly LoopbackServer _server;
    private readonly ConcurrentDictionary<string, StoredSeries> _series = new(StringComparer.Ordinal);

    private SampleStore(LoopbackServer server)
    {
        _server = server;
        server.Answer = AnswerAsync;
    }

    /// <summary>What <c>prometheus.url</c> is set to. Further paths below it are answered too, such as <c>/prefix/api/v1/query</c>.</summary>
    public Uri Address => _server.Address;

    /// <summary>Decides which late samples are visible yet, and the instant of a query without <c>time</c>.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>Prometheus 3 leaves out the sample on the left edge of a range; Prometheus 2 includes it.</summary>
    public bool IsLeftOpen { get; set; }

    /// <summary>Sent as <c>warnings</c> with every answer.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];

    /// <summary>Sent as <c>infos</c> with every answer.</summary>
    public IReadOnlyList<string> Infos { get; set; } = [];

    /// <summary>Sends <c>"isPartial":true</c>, as VictoriaMetrics does.</summary>
    public bool IsPartial { get; set; }

    /// <summary>Series that are not found while this is set, as if the store that holds them were away.</summary>
    public Func<IReadOnlyDictionary<string, string>, bool>? Hidden { get; set; }

    /// <summary>How long every answer takes. It plays a slow server, and no test waits for it.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Answers in place of the store, such as <see cref="Status"/> or <see cref="LoopbackServer.NeverAnswerAsync"/>.</summary>
    public RequestDelegate? Instead { get; set; }

    /// <summary>Every query that was asked, with its <c>time</c>, oldest first.</summary>
    public ConcurrentQueue<(string Query, DateTimeOffset At)> Asked { get; } = [];

    public static async Task<SampleStore> StartAsync() => new(await LoopbackServer.StartAsync());

    /// <summary>An answer that is no answer.</summary>
    public static RequestDelegate Status(int status, string body = "") => context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    };

    /// <summary>Adds samples to a series, which is begun where it is new. NaN is a stale marker.</summary>
    /// <param name="labels">As PromQL writes them: <c>istio_requests_total{job="envoy",pod="a-1"}</c>.</param>
    public void Add(string labels, params IEnumerable<(DateTimeOffset At, double Value)> samples) => AddLate(labels, DateTimeOffset.MinValue, samples);

    /// <summary>Like <see cref="Add"/>, for samples that no query finds before the store's clock shows <paramref name="visibleFrom"/>.</summary>
    public void AddLate(string labels, DateTimeOffset visibleFrom, params IEnumerable<(DateTimeOffset At, double Value)> samples)
    {
        var series = _series.GetOrAdd(labels, text => new StoredSeries(PromSample.Parse(text + " 0")[0]));
        foreach (var (at, value) in samples) series.Add(at, value, visibleFrom);
    }

    /// <summary>Forgets a series, as retention or a deletion does.</summary>
    public void Remove(string labels) => _series.TryRemove(labels, out _);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync() : null;
        var (query, time) = (Argument("query"), Argument("time"));
        var now = Clock.GetUtcNow();
        var at = time.Length == 0 ? now : DateTimeOffset.FromUnixTimeMilliseconds((long)(1000 * decimal.Parse(time, CultureInfo.InvariantCulture)));
        if (context.Request.Path.Value!.EndsWith("/api/v1/query", StringComparison.Ordinal)) Asked.Enqueue((query, at));
        if (Delay > TimeSpan.Zero) await Task.Delay(Delay, TimeProvider.System, context.RequestAborted);
        if (Instead is { } instead) await instead(context);
        else if (!context.Request.Path.Value.EndsWith("/api/v1/query", StringComparison.Ordinal)) context.Response.StatusCode = StatusCodes.Status404NotFound;
        else await WriteAsync(context, query, at, now);

        string Argument(string name) => form?[name].FirstOrDefault() ?? context.Request.Query[name].FirstOrDefault() ?? "";
    }

    private async Task WriteAsync(HttpContext context, string text, DateTimeOffset at, DateTimeOffset now)
    {
        object answer;
        try
        {
            var query = SampleQuery.Parse(text);
            var series = _series.Values.Where(series => Hidden?.Invoke(series.Labels) != true).Select(series => series.VisibleAt(now));
            var result = query.Evaluate([.. series], at, IsLeftOpen).Select(series => query.IsRange
                ? (object)new { metric = series.Labels, values = series.Samples.Select(Pair) }
                : new { metric = series.Labels, value = Pair(series.Samples[^1]) });
            var data = new { resultType = query.IsRange ? "matrix" : "vector", result };
            answer = new { status = "success", isPartial = IsPartial, data, warnings = Warnings, infos = Infos };
        }
        catch (FormatException e)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            answer = new { status = "error", errorType = "bad_data", error = $"invalid parameter \"query\": {e.Message}" };
        }

        await context.Response.WriteAsync(JsonSerializer.Serialize(answer, Json));
    }

    private static object[] Pair((DateTimeOffset At, double Value) sample) =>
    [
        sample.At.ToUnixTimeMilliseconds() / 1000m,
        double.IsPositiveInfinity(sample.Value) ? "+Inf" : sample.Value.ToString("R", CultureInfo.InvariantCulture),
    ];

    private sealed class StoredSeries
    {
        private readonly List<(DateTimeOffset At, double Value, DateTimeOffset VisibleFrom)> _samples = [];
        private readonly Lock _lock = new();

        public StoredSeries(PromSample parsed) => Labels = new SortedDictionary<string, string>(
            parsed.Labels.Where(label => label.Value.Length > 0).Append(new("__name__", parsed.Name)).ToDictionary(), StringComparer.Ordinal);

        public IReadOnlyDictionary<string, string> Labels { get; }

        public void Add(DateTimeOffset at, double value, DateTimeOffset visibleFrom)
        {
            lock (_lock) _samples.Add((at, value, visibleFrom));
        }

        public FoundSeries VisibleAt(DateTimeOffset now)
        {
            lock (_lock)
            {
                var visible = _samples.Where(sample => sample.VisibleFrom <= now).OrderBy(sample => sample.At);
                return new(Labels, [.. visible.Select(sample => (sample.At, sample.Value))]);
            }
        }
    }
}

/// <summary>A series of an answer, its samples by time.</summary>
public sealed record FoundSeries(IReadOnlyDictionary<string, string> Labels, IReadOnlyList<(DateTimeOffset At, double Value)> Samples);
