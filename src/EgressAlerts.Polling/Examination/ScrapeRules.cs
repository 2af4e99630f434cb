using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Whether the way that proxies are scraped fits the windows. Stateless.</summary>
internal static class ScrapeRules
{
    /// <summary>A sample may be lost, and the next one may be late too.</summary>
    private const int IntervalsInLate = 3;

    public static IReadOnlyList<Check> Check(IReadOnlyList<Scraping> jobs, PollingOptions options, DateTimeOffset now) =>
        jobs.Count == 0
            ? [.. ((CheckKind[])[TelemetryChecks.Scrapes, TelemetryChecks.Age, TelemetryChecks.Down])
                .Select(kind => kind.Ok("not known, because no job with Istio's series has up series (without_up)", UpSamples.Query))]
            : [.. Each(jobs, job => Interval(job, options)), .. Each(jobs, job => Age(job, options, now)), .. Each(jobs, Down)];

    /// <summary>What is wrong with each job, or the first good result where nothing is.</summary>
    private static IEnumerable<Check> Each(IReadOnlyList<Scraping> jobs, Func<Scraping, Check> rule)
    {
        var results = jobs.Select(rule).ToList();
        var bad = results.Where(check => check.Result != CheckResult.Ok).ToList();
        return bad.Count > 0 ? bad : results.Take(1);
    }

    private static Check Interval(Scraping job, PollingOptions options)
    {
        var (kind, query, late) = (TelemetryChecks.Scrapes, $"count_over_time(up{{job=\"{Name(job)}\"}}[10m])", options.Late);
        if (job.Interval is not { } interval)
        {
            return kind.Warn(
                $"job {Name(job)} has only one scrape in ten minutes: it began just now, or is scraped too seldom", "scrape_interval: 15s", query);
        }

        var (text, needed) = (DurationText.Rounded(interval), DurationText.Exact(interval * IntervalsInLate));
        if (interval * 2 > LiveSamples.Lookback)
        {
            return kind.Fail(
                $"job {Name(job)} is scraped every {text}, and up is read {DurationText.Rounded(LiveSamples.Lookback)} back", "scrape_interval: 15s", query);
        }

        return interval * IntervalsInLate > late
            ? kind.Warn(
                $"job {Name(job)} is scraped every {text}, and fewer than three scrapes fit into prometheus.late ({DurationText.Exact(late)}): "
                + "after one lost scrape, traffic may be left out as late",
                $"prometheus: {{late: {needed}}}, or scrape_interval: 15s",
                query)
            : kind.Ok($"job {Name(job)} is scraped every {text}", query);
    }

    private static Check Age(Scraping job, PollingOptions options, DateTimeOffset now)
    {
        var (kind, query) = (TelemetryChecks.Age, $"time() - max(timestamp(up{{job=\"{Name(job)}\"}}))");
        var lag = now - job.Newest - (job.Interval ?? LiveSamples.Lookback);
        if (lag <= options.Delay) return kind.Ok("the newest samples are visible in time", query);
        var message = $"the newest sample of job {Name(job)} is {DurationText.Rounded(now - job.Newest)} old";
        return lag > options.Late
            ? kind.Fail(
                $"{message}: it is not scraped any more, or its samples arrive later than prometheus.late allows",
                "look at the page /targets of Prometheus, and at what carries the samples to the store",
                query)
            : kind.Warn(
                $"{message}: samples become visible after their window is read, and count in a later one",
                $"prometheus: {{delay: {DurationText.Exact(TimeSpan.FromSeconds(Math.Ceiling(lag.TotalSeconds)))}}}",
                query);
    }

    private static Check Down(Scraping job)
    {
        var (kind, query) = (TelemetryChecks.Down, $"topk(10, up{{job=\"{Name(job)}\"}} == 0)");
        if (job.Down == 0) return kind.Ok($"all {job.Targets} targets of job {Name(job)} are up", query);
        const string Remedy = "the page /targets of Prometheus has the error; a port or a NetworkPolicy is the usual reason";
        var message = $"{job.Down} of {job.Targets} targets of job {Name(job)} are down, so their traffic is not seen";
        return job.Down == job.Targets ? kind.Fail(message, Remedy, query) : kind.Warn(message, Remedy, query);
    }

    /// <summary>Without what would end the text in a query.</summary>
    private static string Name(Scraping job) =>
        QuotedText.Of(job.Job, 80).Replace("\\", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal);
}
