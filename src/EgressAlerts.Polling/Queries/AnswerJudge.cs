using System.Net;
using System.Text.RegularExpressions;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Finds out from the status and the error of an answer what became of the query, and what to do about it. Stateless.</summary>
internal static partial class AnswerJudge
{
    private const int MostCharacters = 600; // Mimir names the limit to raise at the end of a text of 400.

    /// <summary>Null where the server says that its answer is whole. <see cref="QueryNotes"/> judges the notes.</summary>
    public static QueryFailure? Judge(HttpResponseMessage response, QueryAnswer answer, PollingOptions options, DateTimeOffset now)
    {
        if (answer.Status == "error" || !response.IsSuccessStatusCode) return Refused(response, answer.ErrorType, answer.Error, options, now);
        if (answer.Status != "success")
            return new(FailureReason.BadJson, $"the answer has status '{QuotedText.Of(answer.Status, 50)}' instead of 'success'");
        if (answer.ResultType is not ("matrix" or "vector"))
            return new(FailureReason.BadJson, "the answer holds no series: its resultType is neither matrix nor vector");
        return answer.IsPartial
            ? new(FailureReason.Partial, "the answer is partial (isPartial): a storage node is missing; the window waits until it is back")
            : null;
    }

    /// <summary>What an answer that is no success means.</summary>
    /// <param name="errorType">As the query API has it; empty where something else answered.</param>
    /// <param name="error">The error, or the beginning of what came instead.</param>
    public static QueryFailure Refused(HttpResponseMessage response, string errorType, string error, PollingOptions options, DateTimeOffset now) =>
        Judge(response, errorType, error, options, now) with { Status = (int)response.StatusCode };

    private static QueryFailure Judge(HttpResponseMessage response, string errorType, string error, PollingOptions options, DateTimeOffset now)
    {
        var status = (int)response.StatusCode;
        var isApi = errorType.Length > 0;
        var said = QuotedText.Of(isApi ? $"status {status}, {errorType}: {error}" : $"status {status} and {error}", MostCharacters);
        QueryFailure Failure(FailureReason reason, string advice) => new(reason, advice.Length > 0 ? $"{said}: {advice}" : said);

        if (status != 429 && (status == 413 || Limit().IsMatch(error)))
        {
            return Failure(FailureReason.Limit, "the server refuses such a query every time: "
                + "narrow prometheus.matchers, shorten prometheus.interval, or raise the named limit at the server");
        }

        if (isApi && QueryNote.TellsOfMissingData(error) && !TimedOut().IsMatch(error))
            return Failure(FailureReason.Partial, "a part of the data cannot be read behind the server; the window waits until it can be");
        if (errorType == "timeout" || TimedOut().IsMatch(error))
            return Failure(FailureReason.Timeout, "raise the server's time limit for queries, narrow prometheus.matchers, or shorten prometheus.interval");
        if (status is 429 or 502 or 503 or 504)
        {
            return Failure(FailureReason.Busy, "the server, or a proxy before it, is overloaded or away; the window is tried again") with
            {
                // The server asks for a longer wait than an answer may take. The query fails, and the window is tried again later.
                RetryAfter = RetryAfter.Of(response, options.Timeout, now),
            };
        }

        return isApi && (status == 400 || errorType == "bad_data" || Parse().IsMatch(error))
            ? Failure(FailureReason.BadQuery, "are prometheus.matchers valid label matchers, such as job=\"envoy-stats\"?")
            : Failure(FailureReason.Status, Advice(response, error));
    }

    /// <summary>What to look at when no answer came at all.</summary>
    public static string Hint(Exception e) => e switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: { } inner }
            when inner.Message.Contains("certificate", StringComparison.Ordinal) => "set ca_file or server_name in prometheus.tls_config",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
            "does the server speak plain HTTP? Then prometheus.url begins with http://",
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded } =>
            "is the server up? If it speaks HTTPS, prometheus.url begins with https://. If it asks for a client certificate, set cert_file in "
            + "prometheus.tls_config",
        _ => "is prometheus.url right and the server up?",
    };

    private static string Advice(HttpResponseMessage response, string error) => (int)response.StatusCode switch
    {
        400 when error.Contains("HTTPS", StringComparison.Ordinal) => "the server speaks HTTPS: prometheus.url begins with https://",
        401 or 403 => "set prometheus.basic_auth or prometheus.authorization, or look whether what is set there is right",
        >= 300 and < 400 =>
            $"the server sends queries on to {Target(response)}, which may be a login page; prometheus.url must be the address of the API itself",
        404 => "is this a Prometheus, with the right path prefix in prometheus.url?",
        405 or 501 => "neither POST nor GET is let through; is this the API of a Prometheus?",
        _ => "",
    };

    // Without its arguments: they may hold a secret.
    private static string Target(HttpResponseMessage response) => response.Headers.Location is not { } to ? "nowhere"
        : QuotedText.Of(to.IsAbsoluteUri ? $"{to.Scheme}://{to.Authority}{to.AbsolutePath}" : to.OriginalString.Split('?', '#')[0], 200);

    // Prometheus; Thanos' stores; Cortex and Amazon; Mimir; VictoriaMetrics.
    [GeneratedRegex(
        "too many samples|exceeded (series|chunks|bytes|samples) limit|limit \\d+ (violated|exceeded)|exceeds (the )?limit"
        + "|hit the (max number of|aggregated) .*limit|response larger than the max|err-mimir-(max-|query-blocked|request-blocked)"
        + "|samples processed|search\\.max(\\*|Unique|Samples|Series|ResponseSeries|Points|QueryLen|Memory|Tag)",
        RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Limit();

    [GeneratedRegex("query timed out|maximum execution time|search\\.maxQueryDuration", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex TimedOut();

    [GeneratedRegex("parse error|cannot parse|unexpected token|unparsed data", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Parse();
}
