using EgressAlerts.Common;
using EgressAlerts.Model;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Polly.Timeout;
using Refit;

namespace EgressAlerts.Alerting;

/// <summary>Delivers alerts to one Alertmanager from a queue of its own, so that one that is down costs the others nothing.</summary>
/// <remarks>No failure of a request ends it. Each is counted, logged when the reason changes, and tried again with the next resend.</remarks>
internal sealed class AlertmanagerClient : IAsyncDisposable
{
    private const int BatchSize = 256;

    /// <summary>The time limit of a request. A busy server is waited for no longer either.</summary>
    internal static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);

    private readonly IAlertmanagerApi _api;
    private readonly Uri _endpoint;
    private readonly string _name;
    private readonly AlertingOptions _options;
    private readonly AlertMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly AlertQueue _queue = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ResiliencePipeline<DeliveryFailure?> _pipeline;
    private readonly Func<int> _waiting;
    private Task _loop = Task.CompletedTask;
    private readonly HashSet<string> _refused = [];
    private DeliveryFailureReason? _failing;
    private AlertmanagerStatus _status;

    public AlertmanagerClient(Alertmanager target, AlertingOptions options, AlertMetrics metrics, TimeProvider time, ILogger logger)
    {
        (_options, _metrics, _time, _logger) = (options, metrics, time, logger);
        var settings = new RefitSettings
        {
            RequestBodySerialization = RequestBodySerializationMode.Buffered, // The request then names its length, which some proxies insist on.
            TransportExceptionFactory = (_, e, _) => e, // Refit would wrap every exception in one of its own.
        };
        _api = RestService.ForGenerated<IAlertmanagerApi>(target.Http, PostableAlertJson.Default, settings);
        _name = target.Url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        _endpoint = new Uri(_name.TrimEnd('/') + "/api/v2/alerts");
        _pipeline = new ResiliencePipelineBuilder<DeliveryFailure?> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<DeliveryFailure?>
            {
                // The next resend tries again anyway, so it is enough to get over a hiccup.
                ShouldHandle = new PredicateBuilder<DeliveryFailure?>()
                    .HandleResult(failure => failure is { CanRetry: true })
                    .Handle<HttpRequestException>(e => e.HttpRequestError != HttpRequestError.UserAuthenticationError)
                    .Handle<IOException>()
                    .Handle<TimeoutRejectedException>(),
                DelayGenerator = args => ValueTask.FromResult(args.Outcome.Result?.RetryAfter),
                MaxRetryAttempts = 3,
                Delay = TimeSpan.FromMilliseconds(Math.Min(500, options.ResendInterval.TotalMilliseconds / 20)),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .AddTimeout(RequestTimeout)
            .Build();
        _waiting = () => _queue.Count;
        _status = new(_name, null, null, "", 0);
    }

    /// <summary>How the deliveries went. Any thread.</summary>
    public AlertmanagerStatus Status => Volatile.Read(ref _status) with { Waiting = _queue.Count };

    /// <summary>Begins to send, and to show the Alertmanager's series. Called once.</summary>
    public void Start()
    {
        _metrics.Joined(_name, _waiting);
        _loop = Task.Run(RunAsync);
    }

    public void Put(IReadOnlyCollection<Alert> alerts) => _metrics.Dropped(_name, _queue.Put(alerts));

    /// <summary>Sends what waits, for 5 s at most, then removes the Alertmanager's series. Never throws.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var limit = new CancellationTokenSource(DrainTime);
        try
        {
            while (_queue.Take(BatchSize) is { Count: > 0 } batch) await DeliverAsync(batch, limit.Token);
        }
        catch (OperationCanceledException)
        {
            Log.NotDrained(_logger, _name, _queue.Count);
        }

        _metrics.Left(_name, _waiting);
        _queue.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _queue.WaitAsync(_stop.Token);
                while (_queue.Take(BatchSize) is { Count: > 0 } batch) await DeliverAsync(batch, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping: what was under way is back in the queue and is sent with the rest.
        }
    }

    /// <summary>Sends a batch. Only stopping ends it with an exception; the batch is then back in the queue.</summary>
    private async Task DeliverAsync(IReadOnlyList<Alert> batch, CancellationToken cancel)
    {
        try
        {
            await SendAsync(batch, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            _metrics.Dropped(_name, _queue.PutBack(batch));
            throw;
        }
    }

    private async Task SendAsync(IReadOnlyList<Alert> batch, CancellationToken cancel)
    {
        if (await PostAsync(batch, cancel) is not { } failure)
        {
            _metrics.Sent(_name, batch.Count);
            Note(_status with { LastSuccess = _time.GetUtcNow() });
            _refused.ExceptWith(batch.Select(alert => alert.Fingerprint));
            if (_failing is not null) Log.Recovered(_logger, _name);
            _failing = null;
        }
        else if (failure.Reason != DeliveryFailureReason.Refused)
        {
            Note(failure);
            _metrics.Failed(_name, failure.Reason, batch.Count);
            if (_failing != failure.Reason) Log.Failed(_logger, _name, failure.Reason.LabelValue(), failure.Message);
            _failing = failure.Reason;
        }
        else if (batch.Count == 1)
        {
            Note(failure);
            _metrics.Failed(_name, failure.Reason, 1);
            if (_refused.Count >= AlertQueue.Capacity) _refused.Clear();
            if (_refused.Add(batch[0].Fingerprint)) Log.Refused(_logger, _name, batch[0].Labels["alertname"], failure.Message);
        }
        else
        {
            // One bad alert makes Alertmanager refuse its whole batch: halves until it stands alone.
            await SendAsync([.. batch.Take(batch.Count / 2)], cancel);
            await SendAsync([.. batch.Skip(batch.Count / 2)], cancel);
        }
    }

    private void Note(DeliveryFailure failure) =>
        Note(_status with { LastFailure = _time.GetUtcNow(), LastError = $"{failure.Reason.LabelValue()}: {failure.Message}" });

    private void Note(AlertmanagerStatus status) => Volatile.Write(ref _status, status);

    /// <summary>Null when the alerts were taken. Throws only when <paramref name="cancel"/> is cancelled.</summary>
    private async Task<DeliveryFailure?> PostAsync(IReadOnlyList<Alert> batch, CancellationToken cancel)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async attempt => await AttemptAsync(batch, attempt), cancel);
        }
        // The sender has to outlive whatever a request throws: nobody would send alerts any more.
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            return e switch
            {
                TimeoutRejectedException => new(DeliveryFailureReason.Timeout, $"no answer within {RequestTimeout.TotalSeconds:0} s"),
                HttpRequestException { HttpRequestError: HttpRequestError.UserAuthenticationError } => new(DeliveryFailureReason.Credentials, e.Message),
                HttpRequestException or IOException => new(DeliveryFailureReason.Connection, (e.InnerException ?? e).Message + Advice(e)),
                _ => new(DeliveryFailureReason.Unexpected, $"{e.GetType().Name}: {e.Message}"),
            };
        }
    }

    private static string Advice(Exception e) =>
        e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: { } inner }
        && inner.Message.Contains("certificate", StringComparison.Ordinal) ? ": set ca_file or server_name in its tls_config" : "";

    private async Task<DeliveryFailure?> AttemptAsync(IReadOnlyList<Alert> batch, CancellationToken cancel)
    {
        var started = _time.GetTimestamp();
        var longest = _options.Interval > _options.ResendInterval ? _options.Interval : _options.ResendInterval;
        var firingUntil = _time.GetUtcNow() + (longest * 4);
        try
        {
            using var response = await _api.PostAlertsAsync(_endpoint, [.. batch.Select(alert => PostableAlert.Of(alert, firingUntil))], cancel);
            return await AlertmanagerAnswer.JudgeAsync(response, _time.GetUtcNow(), cancel);
        }
        finally
        {
            _metrics.Took(_name, _time.GetElapsedTime(started));
        }
    }
}
