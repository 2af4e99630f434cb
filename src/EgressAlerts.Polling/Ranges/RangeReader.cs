using System.Text.Json;

namespace EgressAlerts.Polling;

/// <summary>Asks the same server as the poller for ranges of time that pages show. It asks once and waits for 5 s at most, because somebody waits for the page.
/// Any thread.</summary>
public sealed class RangeReader
{
    private const long MaxBytes = 8 << 20;
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(5);

    private readonly QuerySender _sender;
    private readonly PollingOptions _options;
    private readonly TimeProvider _time;

    /// <param name="http">The poller's client, which has the settings of the section <c>prometheus</c>.</param>
    public RangeReader(HttpClient http, PollingOptions options, TimeProvider time) => (_sender, _options, _time) = (new(http, options.Url), options, time);

    public async Task<HistoryAnswer> ReadAsync(HistoryQuery asked, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(MaxTime, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            var (start, end) = (QuerySender.Seconds(asked.Start), QuerySender.Seconds(asked.End));
            using var response = await _sender.SendAsync(new RangeQuery(asked.Query, start, end, QuerySender.Seconds(asked.Step)), limit.Token);
            return await ReadAsync(response, limit.Token);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.UserAuthenticationError)
        {
            return HistoryAnswer.Failed(e.Message); // It names the file.
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return HistoryAnswer.Failed(
                $"{_options.Url.GetLeftPart(UriPartial.Path)}: {(e.InnerException ?? e).Message}: {AnswerJudge.Hint(e)}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return HistoryAnswer.Failed($"Prometheus gave no complete answer within {MaxTime.TotalSeconds:0} s");
        }
    }

    private async Task<HistoryAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentLength > MaxBytes) return TooLarge();
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        var sink = new RangeSink();
        var decoder = new AnswerDecoder(sink);
        try
        {
            var answer = await decoder.DecodeAsync(body, MaxBytes, cancel);
            // A page shows what there is, also where a store behind the server is away.
            if (AnswerJudge.Judge(response, answer, _options, _time.GetUtcNow()) is { Reason: not FailureReason.Partial } failure)
                return HistoryAnswer.Failed(failure.Message);
            return sink.IsFull ? TooLarge() : new(sink.Series, "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            // The last one comes from a time that no calendar has.
            return HistoryAnswer.Failed(response.IsSuccessStatusCode
                ? $"the answer is not what a query API sends; it begins with '{decoder.Head}': is prometheus.url a Prometheus, with the right path prefix?"
                : AnswerJudge.Refused(response, "", $"'{decoder.Head}'", _options, _time.GetUtcNow()).Message);
        }
        catch (AnswerTooLargeException)
        {
            return TooLarge();
        }
    }

    private static HistoryAnswer TooLarge() => HistoryAnswer.Failed(FormattableString.Invariant(
        $"the answer is too large for a page: it has more than {MaxBytes >> 20} MiB, {RangeSink.MaxSeries} series or {RangeSink.MaxPoints} points"));
}
