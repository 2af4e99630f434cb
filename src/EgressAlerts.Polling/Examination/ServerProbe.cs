using System.Text;
using EgressAlerts.Common;
using Microsoft.Extensions.Logging.Abstractions;
using Refit;

namespace EgressAlerts.Polling;

/// <summary>Asks one server questions about itself and about the mesh, each for 8 s at most. Any thread.</summary>
public sealed class ServerProbe
{
    /// <summary>How long one question may take.</summary>
    internal static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(8);

    private const int MaxPageBytes = 4 << 20;
    private const long MaxAnswerBytes = 64 << 20;

    private readonly HttpClient _http;
    private readonly IPrometheusApi _api;
    private readonly TimeProvider _time;
    private readonly PrometheusClient _client;

    /// <param name="http">A client that has the settings of the section <c>prometheus</c>. The caller disposes of it.</param>
    public ServerProbe(HttpClient http, PollingOptions options, TimeProvider time)
    {
        (_http, _time) = (http, time);

        // A note that nobody knows would make a window wait. Here it is reported, and the answer counts.
        var shortest = options.Timeout < MaxTime ? options.Timeout : MaxTime;
        Options = options with { Timeout = shortest, MaxResponseBytes = Math.Min(options.MaxResponseBytes, MaxAnswerBytes), MaxCatchUp = TimeSpan.Zero };
        _api = RestService.ForGenerated<IPrometheusApi>(http, new RefitSettings { TransportExceptionFactory = (_, e, _) => e });
        _client = new PrometheusClient(http, Options, new PollingMetrics(new MetricRegistry()), time, NullLogger.Instance);
    }

    /// <summary>By how much the server's clock is behind this machine's; zero where it is not behind. Queries are asked for its present.</summary>
    public TimeSpan Behind { get; internal set; }

    internal PollingOptions Options { get; }

    internal HttpClient Http => _http;

    /// <summary>The present by the server's clock, in whole seconds.</summary>
    internal DateTimeOffset Now => DateTimeOffset.FromUnixTimeSeconds((_time.GetUtcNow() - Behind).ToUnixTimeSeconds());

    /// <summary>Asks for the present. An answer has at most 1,000 series.</summary>
    public async Task<HistoryAnswer> QueryAsync(string promql, CancellationToken cancel)
    {
        var sink = new RangeSink();
        return await QueryAsync(promql, sink, cancel) is { } failure ? HistoryAnswer.Failed(failure.Message) : new(sink.Series, "");
    }

    internal async Task<QueryFailure?> QueryAsync(string promql, ISeriesSink sink, CancellationToken cancel)
    {
        var failure = await _client.QueryAsync(promql, Now, sink, cancel);

        // The client would advise to raise prometheus.timeout, and that is not what ended this question.
        return failure is { Reason: FailureReason.Timeout, Status: 0 } && Options.Timeout == MaxTime
            ? failure with { Message = $"no complete answer within the {DurationText.Rounded(MaxTime)} that the doctor waits for one" }
            : failure;
    }

    /// <summary>Reads a page such as <c>/api/v1/status/buildinfo</c>, of at most 4 MiB.</summary>
    public async Task<ServerPage> ReadAsync(string path, CancellationToken cancel)
    {
        var page = new UriBuilder(Options.Url) { Path = Options.Url.AbsolutePath.TrimEnd('/') + path }.Uri;
        using var late = new CancellationTokenSource(Options.Timeout, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            using var response = await _api.ReadAsync(page, limit.Token);
            var body = await BoundedBody.TryReadAsync(response.Content, MaxPageBytes, limit.Token);
            var text = body is { } read ? Encoding.UTF8.GetString(read.Span) : "";
            return new((int)response.StatusCode, text, response.Headers.Date, response.Headers.Contains("X-Server-Hostname"), "");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return ServerPage.Failed($"{page.GetLeftPart(UriPartial.Path)}: {(e.InnerException ?? e).Message}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return ServerPage.Failed($"{page.GetLeftPart(UriPartial.Path)}: no answer within {DurationText.Rounded(Options.Timeout)}");
        }
    }
}
