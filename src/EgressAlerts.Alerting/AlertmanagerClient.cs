using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace EgressAlerts.Alerting;

/// <summary>Delivers alerts to one Alertmanager from a queue of its own, so that one that is down costs the others nothing.</summary>
internal sealed class AlertmanagerClient : IAsyncDisposable
{
    private const int BatchSize = 256;
    private const int QuotedCharacters = 300;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly Uri _endpoint;
    private readonly string _name;
    private readonly AlertingOptions _options;
    private readonly AlertMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly AlertQueue _queue = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ResiliencePipeline<Outcome> _pipeline;
    private readonly Task _loop;
    private bool _failing;

    public AlertmanagerClient(Alertmanager target, AlertingOptions options, AlertMetrics metrics, TimeProvider time, ILogger logger)
    {
        (_http, _options, _metrics, _time, _logger) = (target.Http, options, metrics, time, logger);
        _name = target.Url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        _endpoint = new Uri(_name.TrimEnd('/') + "/api/v2/alerts");
        _pipeline = new ResiliencePipelineBuilder<Outcome> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<Outcome>
            {
                // The next resend tries again anyway, so it is enough to get over a hiccup.
                ShouldHandle = args => ValueTask.FromResult(args.Outcome.Result is { CanRetry: true }),
                MaxRetryAttempts = 3,
                Delay = TimeSpan.FromMilliseconds(Math.Min(500, options.ResendInterval.TotalMilliseconds / 20)),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .Build();
        _loop = Task.Run(RunAsync);
    }

    /// <summary>The URL without credentials: the label of its metrics.</summary>
    public string Name => _name;

    public int Waiting => _queue.Count;

    public void Put(IReadOnlyCollection<Alert> alerts)
    {
        for (var dropped = _queue.Put(alerts); dropped > 0; dropped--) _metrics.Dropped(_name);
    }

    /// <summary>Sends what waits, for a few seconds at most.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        using var limit = new CancellationTokenSource(DrainTime);
        try
        {
            while (_queue.Count > 0 && !limit.IsCancellationRequested) await SendAsync(_queue.Take(BatchSize), limit.Token);
        }
        catch (OperationCanceledException)
        {
            Log.NotDrained(_logger, _name, _queue.Count);
        }

        _queue.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var batch = (IReadOnlyList<Alert>)[];
            try
            {
                await _queue.WaitAsync(_stop.Token);
                while ((batch = _queue.Take(BatchSize)).Count > 0) await SendAsync(batch, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                // Stopping: what was under way is sent with the rest.
                _queue.Put(batch);
            }
        }
    }

    private async Task SendAsync(IReadOnlyList<Alert> batch, CancellationToken cancel)
    {
        var outcome = await _pipeline.ExecuteAsync(async token => await PostAsync(batch, token), cancel);
        if (outcome.Error is not { } error)
        {
            _metrics.Sent(_name, batch.Count);
            if (_failing) Log.Recovered(_logger, _name);
            _failing = false;
        }
        else if (!outcome.IsAboutAlerts || batch.Count == 1)
        {
            _metrics.Failed(_name, batch.Count);
            if (outcome.IsAboutAlerts) Log.Refused(_logger, _name, batch[0].Labels["alertname"], error);
            else if (!_failing) Log.Failed(_logger, _name, error);
            _failing |= !outcome.IsAboutAlerts;
        }
        else
        {
            // One bad alert makes Alertmanager refuse its whole batch: halves until it stands alone.
            await SendAsync([.. batch.Take(batch.Count / 2)], cancel);
            await SendAsync([.. batch.Skip(batch.Count / 2)], cancel);
        }
    }

    private async Task<Outcome> PostAsync(IReadOnlyList<Alert> batch, CancellationToken cancel)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(RequestTimeout);
        var started = _time.GetTimestamp();
        try
        {
            var longest = _options.Interval > _options.ResendInterval ? _options.Interval : _options.ResendInterval;
            using var content = new ReadOnlyMemoryContent(AlertJson.Write(batch, _time.GetUtcNow() + (longest * 4)));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, _endpoint) { Content = content };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            if (response.IsSuccessStatusCode) return new(null, false);
            var body = await HeadOfAsync(response, timeout.Token);
            var canRetry = response.StatusCode == HttpStatusCode.TooManyRequests || (int)response.StatusCode >= 500;
            return new($"status {(int)response.StatusCode}: {body}", canRetry, IsAboutAlerts(response.StatusCode));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new($"no answer within {RequestTimeout.TotalSeconds:0} s", true);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new((e.InnerException ?? e).Message, true);
        }
        finally
        {
            _metrics.Took(_name, _time.GetElapsedTime(started));
        }
    }

    private static async Task<string> HeadOfAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var buffer = new char[QuotedCharacters];
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
        var length = await reader.ReadBlockAsync(buffer, cancel);
        return string.Concat(buffer.Take(length).Select(c => char.IsControl(c) ? ' ' : c));
    }

    /// <summary>Credentials or a path that are wrong are wrong for all alerts; these three say that one of them is, or that there are too many.</summary>
    private static bool IsAboutAlerts(HttpStatusCode status) => status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity;

    private sealed record Outcome(string? Error, bool CanRetry, bool IsAboutAlerts = false);
}
