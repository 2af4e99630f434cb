using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Polling;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Past;

/// <summary>Reads the past traffic that a command is about.</summary>
internal static class PastReading
{
    private const double PagesMaxQps = 2;

    /// <summary>A reading for pages, with a client that they share with the poller.</summary>
    public static Func<PastSpan, string, Action<double>, CancellationToken, Task<PastTraffic>> Reader(HttpClient http, Settings settings, TimeProvider time) =>
        (span, ns, progress, cancel) => Reader(http, settings, PagesMaxQps, time).ReadAsync(span, ns, progress, cancel);

    /// <exception cref="HistoryException">Prometheus does not tell it.</exception>
    public static async Task<PastTraffic> ReadAsync(
        Settings settings, PastArguments arguments, TimeProvider time, TextWriter progress, CancellationToken cancel)
    {
        using var http = HttpClients.Create(settings.PrometheusHttp, NullLogger.Instance);
        var reader = Reader(http, settings, arguments.MaxQps, time);
        var now = time.GetUtcNow();
        var end = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        var traffic = await LongWork.ShowAsync(
            "reading the exported counters", progress, done => reader.ReadAsync(PastSpan.Before(end, arguments.Since), arguments.Namespace, done, cancel));
        foreach (var note in traffic.Notes) await progress.WriteLineAsync($"note: {note}");
        return traffic.Uses.Count > 0
            ? traffic
            : throw new HistoryException(
                $"{settings.Prometheus.Url.GetLeftPart(UriPartial.Path)} shows no traffic in {DurationText.Exact(arguments.Since)}"
                + $"{(arguments.Namespace.Length > 0 ? $" of the namespace {arguments.Namespace}" : "")}: "
                + "has it scraped /metrics of this service (egress_requests_total and others)?");
    }

    /// <summary>What it asks is not among the queries of windows, so it has metrics of its own.</summary>
    private static PastTrafficReader Reader(HttpClient http, Settings settings, double maxQps, TimeProvider time) => new(
        http, settings.Prometheus, settings.Telemetry, settings.Cardinality.IdleTtl, maxQps, new PollingMetrics(new MetricRegistry()), time,
        NullLogger.Instance);
}
