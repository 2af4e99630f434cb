using System.Net;
using System.Text.Json;
using EgressAlerts.Common;
using EgressAlerts.Model;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace EgressAlerts.Polling;

/// <summary>Asks one Prometheus-compatible server, always for an explicit instant or range. Failures come back as values.</summary>
internal sealed class PrometheusClient
{
    /// <summary>The header <c>Date</c> has whole seconds, and servers write it anew about every second.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(2);

    private const string PartialResponse = "partial_response";

    private readonly QuerySender _sender;
    private readonly PollingOptions _options;
    private readonly PollingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline<QueryFailure?> _pipeline;
    private volatile bool _knowsNoArguments;

    public PrometheusClient(HttpClient http, PollingOptions options, PollingMetrics metrics, TimeProvider time, ILogger logger)
    {
        (_options, _metrics, _time) = (options, metrics, time);
        _sender = new(http, options.Url);
        Values = new LabelLister(_sender, options, time);
        Notes = new QueryNotes(options, time, logger);
        _pipeline = new ResiliencePipelineBuilder<QueryFailure?> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<QueryFailure?>
            {
                // An answer that is wrong or incomplete stays so for a while. So the query is not repeated now; the whole window is tried again later.
                ShouldHandle = new PredicateBuilder<QueryFailure?>()
                    .HandleResult(failure => failure is { RetryAfter: not null })
                    .Handle<HttpRequestException>(e => e.HttpRequestError != HttpRequestError.UserAuthenticationError)
                    .Handle<IOException>(),
                DelayGenerator = args => ValueTask.FromResult(args.Outcome.Result?.RetryAfter),
                MaxRetryAttempts = 2,
                Delay = TimeSpan.FromMilliseconds(250),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .AddTimeout(options.Timeout)
            .Build();
    }

    public QueryNotes Notes { get; }

    public LabelLister Values { get; }

    public QueryTimes Times { get; } = new();

    /// <summary>Streams the answer's series into <paramref name="sink"/>. Null when the answer was whole.</summary>
    public Task<QueryFailure?> QueryAsync(string query, DateTimeOffset at, ISeriesSink sink, CancellationToken cancel) =>
        QueryAsync(new Question(query, at, null), sink, cancel);

    /// <summary>The same, with one value of each series for every step from the start to the end.</summary>
    public Task<QueryFailure?> QueryAsync(HistoryQuery query, ISeriesSink sink, CancellationToken cancel) =>
        QueryAsync(new Question(query.Query, query.End, query), sink, cancel);

    private async Task<QueryFailure?> QueryAsync(Question asked, ISeriesSink sink, CancellationToken cancel)
    {
        var started = _time.GetTimestamp();
        var failure = await TryQueryAsync(asked, sink, cancel);
        var time = _time.GetElapsedTime(started);
        _metrics.Query(time, failure?.Reason);
        Times.Add(asked.Query, time, failure);
        return failure is null ? null : failure with { Query = asked.Query };
    }

    private async Task<QueryFailure?> TryQueryAsync(Question asked, ISeriesSink sink, CancellationToken cancel)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async attempt => await AttemptAsync(asked, sink, attempt), cancel);
        }
        catch (Exception e) when (e is TimeoutRejectedException or HttpRequestException or IOException
            || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return e switch
            {
                // The message names the file.
                HttpRequestException { HttpRequestError: HttpRequestError.UserAuthenticationError } => new(FailureReason.Credentials, e.Message),
                HttpRequestException or IOException => new(
                    FailureReason.Connection, $"{_options.Url.GetLeftPart(UriPartial.Path)}: {(e.InnerException ?? e).Message}: {AnswerJudge.Hint(e)}"),
                _ => new(
                    FailureReason.Timeout,
                    $"no complete answer within prometheus.timeout ({_options.Timeout.TotalSeconds:0.###} s): raise it, or narrow prometheus.matchers"),
            };
        }
    }

    private async Task<QueryFailure?> AttemptAsync(Question asked, ISeriesSink sink, CancellationToken cancel)
    {
        sink.Restart();
        using var response = await SendAsync(asked, cancel);
        if (response.IsSuccessStatusCode && response.Headers.Date < asked.At - ClockTolerance) return Ahead(response.Headers.Date.Value, asked.At);
        var failure = await ReadAsync(response, sink, cancel);
        var isAboutArguments = response.StatusCode == HttpStatusCode.BadRequest && failure?.Message.Contains(PartialResponse, StringComparison.Ordinal) == true;
        if (_knowsNoArguments || !isAboutArguments) return failure;
        // Google's managed Prometheus refuses arguments that it does not know. It has no partial answers either.
        _knowsNoArguments = true;
        return await AttemptAsync(asked, sink, cancel);
    }

    private Task<HttpResponseMessage> SendAsync(Question asked, CancellationToken cancel) => asked.Range is { } range
        ? _sender.SendAsync(Arguments(range), cancel)
        : _sender.SendAsync(Arguments(asked), cancel);

    // Thanos and VictoriaMetrics answer with what they have when a store is away, unless they are told not to.
    // Prometheus, Cortex and Mimir ignore arguments that they do not know.
    private InstantQuery Arguments(Question asked) =>
        new(asked.Query, QuerySender.Seconds(asked.At), Refusal(PartialResponse, "false"), Refusal("deny_partial_response", "1"));

    private RangeQuery Arguments(HistoryQuery range) => new(
        range.Query,
        QuerySender.Seconds(range.Start),
        QuerySender.Seconds(range.End),
        QuerySender.Seconds(range.Step),
        Refusal(PartialResponse, "false"),
        Refusal("deny_partial_response", "1"));

    /// <summary>Null where the server refuses the argument, or where <c>prometheus.url</c> has a value of its own.</summary>
    private string? Refusal(string name, string value) =>
        _knowsNoArguments || _options.Url.Query.Contains($"{name}=", StringComparison.Ordinal) ? null : value;

    private async Task<QueryFailure?> ReadAsync(HttpResponseMessage response, ISeriesSink sink, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentLength > _options.MaxResponseBytes) return TooLarge();
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        var decoder = new AnswerDecoder(sink);
        try
        {
            var answer = await decoder.DecodeAsync(body, _options.MaxResponseBytes, cancel);
            return AnswerJudge.Judge(response, answer, _options, _time.GetUtcNow()) ?? Notes.Judge(answer.Notes);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The JSON reader throws the second for text that is no Unicode.
            if (!response.IsSuccessStatusCode) return AnswerJudge.Refused(response, "", $"'{decoder.Head}'", _options, _time.GetUtcNow());
            var login = decoder.Head.StartsWith('<') ? ", and not a login page" : "";
            return new(
                FailureReason.BadJson,
                $"the answer is not what a query API sends ({e.Message}); it begins with '{decoder.Head}': "
                + $"is prometheus.url a Prometheus, with the right path prefix{login}?");
        }
        catch (AnswerTooLargeException)
        {
            return TooLarge();
        }
    }

    /// <summary>A window that is not over by the server's clock is empty, and must not count as read.</summary>
    private static QueryFailure Ahead(DateTimeOffset server, DateTimeOffset at) => new(
        FailureReason.Clock,
        $"the server's clock shows {server:yyyy-MM-dd HH:mm:ss}Z, but the window ends at {at:yyyy-MM-dd HH:mm:ss}Z: "
        + "this machine's clock is ahead, please correct it");

    private QueryFailure TooLarge() => new(
        FailureReason.TooLarge,
        $"the answer is larger than prometheus.max_response_bytes ({_options.MaxResponseBytes}): raise it, or narrow prometheus.matchers");

    /// <param name="At">The instant that is asked for, or the end of the range.</param>
    /// <param name="Range">Null for an instant.</param>
    private readonly record struct Question(string Query, DateTimeOffset At, HistoryQuery? Range);
}
