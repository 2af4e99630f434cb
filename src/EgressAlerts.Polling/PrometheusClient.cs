using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Polly;
using Polly.Retry;

namespace EgressAlerts.Polling;

/// <summary>Asks one Prometheus-compatible server, always for an explicit instant. Failures come back as values.</summary>
internal sealed class PrometheusClient
{
    private const int QuotedBytes = 300;

    private readonly HttpClient _http;
    private readonly PollingOptions _options;
    private readonly PollingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Uri _endpoint;
    private readonly ResiliencePipeline<QueryFailure?> _pipeline;
    private volatile bool _useGet;

    public PrometheusClient(HttpClient http, PollingOptions options, PollingMetrics metrics, TimeProvider time)
    {
        (_http, _options, _metrics, _time) = (http, options, metrics, time);
        _endpoint = Endpoint(options.Url, "api/v1/query");
        _pipeline = new ResiliencePipelineBuilder<QueryFailure?> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<QueryFailure?>
            {
                // An answer that is wrong or incomplete stays so for a while: the whole window is tried again later instead.
                ShouldHandle = args => ValueTask.FromResult(args.Outcome.Result?.Reason is FailureReason.Connection),
                MaxRetryAttempts = 2,
                Delay = TimeSpan.FromMilliseconds(250),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .AddTimeout(options.Timeout)
            .Build();
    }

    /// <summary>The path is appended to the base's own, and the base's query arguments are kept.</summary>
    internal static Uri Endpoint(Uri url, string path)
    {
        var builder = new UriBuilder(url);
        builder.Path = builder.Path.TrimEnd('/') + "/" + path;
        return builder.Uri;
    }

    /// <summary>Streams the answer's series into <paramref name="sink"/>; null when the answer was whole.</summary>
    public async Task<QueryFailure?> QueryAsync(string query, DateTimeOffset at, ISeriesSink sink, CancellationToken cancel)
    {
        var started = _time.GetTimestamp();
        var failure = await _pipeline.ExecuteAsync(async token => await AttemptAsync(query, at, sink, token, cancel), cancel);
        _metrics.Query(_time.GetElapsedTime(started), failure?.Reason);
        return failure;
    }

    private async Task<QueryFailure?> AttemptAsync(
        string query, DateTimeOffset at, ISeriesSink sink, CancellationToken attempt, CancellationToken cancel)
    {
        sink.Restart();
        try
        {
            using var response = await SendAsync(query, at, attempt);
            return await ReadAsync(response, sink, attempt);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new(FailureReason.Timeout, $"no complete answer within prometheus.timeout ({_options.Timeout.TotalSeconds:0.###} s): raise it, or narrow prometheus.matchers");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new(FailureReason.Connection, $"{_options.Url.GetLeftPart(UriPartial.Path)}: {(e.InnerException ?? e).Message}: is prometheus.url right and the server up?");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string query, DateTimeOffset at, CancellationToken cancel)
    {
        var form = new Dictionary<string, string>
        {
            ["query"] = query,
            ["time"] = (at.ToUnixTimeMilliseconds() / 1000m).ToString(CultureInfo.InvariantCulture),
        };
        using var content = new FormUrlEncodedContent(form);
        if (!_useGet)
        {
            var response = await _http.SendAsync(
                new HttpRequestMessage(HttpMethod.Post, _endpoint) { Content = content }, HttpCompletionOption.ResponseHeadersRead, cancel);
            // As Prometheus' own client does: some proxies let only GET through.
            if (response.StatusCode is not (HttpStatusCode.Forbidden or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented)) return response;
            response.Dispose();
            _useGet = true;
        }

        var address = new UriBuilder(_endpoint);
        address.Query = string.Join('&', new[] { address.Query.TrimStart('?'), await content.ReadAsStringAsync(cancel) }.Where(part => part.Length > 0));
        return await _http.SendAsync(new HttpRequestMessage(HttpMethod.Get, address.Uri), HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    private async Task<QueryFailure?> ReadAsync(HttpResponseMessage response, ISeriesSink sink, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentLength > _options.MaxResponseBytes) return TooLarge();
        await using var body = new HeadRecorder(await response.Content.ReadAsStreamAsync(cancel), QuotedBytes);
        try
        {
            var answer = await new AnswerDecoder(sink).DecodeAsync(body, _options.MaxResponseBytes, cancel);
            return Judge(response, answer);
        }
        catch (JsonException e)
        {
            var head = Printable(body.Head);
            return response.IsSuccessStatusCode
                ? new(FailureReason.BadJson, $"the answer is not what a query API sends ({e.Message}); it begins with '{head}': is prometheus.url a Prometheus, with the right path prefix?")
                : new(FailureReason.Status, $"status {(int)response.StatusCode} and '{head}'");
        }
        catch (AnswerTooLargeException)
        {
            return TooLarge();
        }
    }

    private static QueryFailure? Judge(HttpResponseMessage response, QueryAnswer answer)
    {
        if (answer.Status == "error" || !response.IsSuccessStatusCode)
            return new(FailureReason.Status, $"status {(int)response.StatusCode}, {answer.ErrorType}: {answer.Error}");
        if (answer.Status != "success") return new(FailureReason.BadJson, $"the answer has status '{Printable(Encoding.UTF8.GetBytes(answer.Status))}' instead of 'success'");
        if (answer.ResultType is not ("matrix" or "vector")) return new(FailureReason.BadJson, "the answer holds no series: its resultType is neither matrix nor vector");
        if (answer.IsPartial) return new(FailureReason.Partial, "the answer is partial (isPartial): a storage node is missing; the window waits until it is back");
        if (answer.Warning.Length > 0) return new(FailureReason.Partial, $"the answer may be partial, it warns: {answer.Warning}");
        return null;
    }

    private QueryFailure TooLarge() => new(
        FailureReason.TooLarge,
        $"the answer is larger than prometheus.max_response_bytes ({_options.MaxResponseBytes}): raise it, or narrow prometheus.matchers");

    private static string Printable(ReadOnlySpan<byte> bytes) =>
        string.Concat(Encoding.UTF8.GetString(bytes).Select(c => char.IsControl(c) ? ' ' : c)).Trim();
}
