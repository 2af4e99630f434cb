using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Backtest;

/// <summary>Says what a configuration would have alerted on, from the raw samples that Prometheus or a file has.</summary>
internal static class BacktestCommand
{
    private const int MaxWorkloads = 10;

    private static readonly string NotCompared =
        FormattableString.Invariant($"At most {PlayedAlerts.MaxListed} alerts of each configuration are compared, and there were more.");

    private static readonly IReadOnlyList<string> Limits =
    [
        "Names are as of now: DNS is asked today, and what it says about old addresses may have changed.",
        "Not simulated: claims that DNS contradicts (most of EgressNameMismatch), silences, and the grouping by Alertmanager.",
    ];

    /// <summary>Runs it, prints the report to <paramref name="output"/>, and says whether an alert was as bad as <c>--fail-on</c> asks.</summary>
    /// <exception cref="ConfigException">A configuration cannot be used.</exception>
    /// <exception cref="StartException">The options contradict each other or cannot be met.</exception>
    /// <exception cref="HistoryException">The samples cannot be read.</exception>
    /// <exception cref="StoreException">A database cannot be read or written.</exception>
    public static async Task<bool> RunAsync(BacktestOptions options, TimeProvider time, TextWriter output, TextWriter progress, CancellationToken cancel)
    {
        var settings = ConfigLoader.Load(options.ConfigFile);
        var running = options.Against is { } against ? ConfigLoader.Load(against) : null;
        var saved = options.SaveState is { } folder ? NewDatabase(folder) : null;
        var names = Path.Combine(options.StoragePath, Store.FileName) is var database && File.Exists(database) ? database : null;
        if (options.Input is null && settings.Prometheus.Servers.Count > 1)
        {
            throw new HistoryException(
                "backtest reads the past of one server, and prometheus.servers names several: write a configuration with prometheus.url, or give --input");
        }

        using var http = HttpClients.Create(settings.PrometheusHttp, NullLogger.Instance);
        var (history, span) = Open(options, settings, http, time);

        await using var tried = new Play(settings, history.Piece, names, isSaved: saved is not null);
        await using var other = running is null ? null : new Play(Over(settings, running), history.Piece, names, isSaved: false);
        await PlayAsync(history, span, settings.Prometheus.Interval, other is null ? [tried] : [tried, other], new Progress(progress, span), cancel);
        if (saved is not null) tried.Save(saved);

        var report = Report(options, settings, span, history.Piece, tried, other);
        await output.WriteAsync(options.IsJson ? report.ToJson() + "\n" : TextReport.Of(report));
        return options.FailOn is { } mildest && report.Counts.Any(count => IsAtLeast(count.Severity, mildest));
    }

    private static async Task PlayAsync(
        ISampleHistory history, Window span, TimeSpan interval, IReadOnlyList<Play> plays, Progress progress, CancellationToken cancel)
    {
        for (var at = span.Start; at < span.End; at = history.Piece.End)
        {
            await history.AdvanceAsync(at, span.End, cancel);
            foreach (var play in plays) await play.PrepareAsync(cancel);
            for (var start = at; start < history.Piece.End; start += interval)
            {
                cancel.ThrowIfCancellationRequested();
                foreach (var play in plays) await play.RunAsync(new Window(start, start + interval), cancel);
            }

            progress.Show(history.Piece);
        }
    }

    /// <summary>The readings of the configuration that is tried, and everything else as the other one has it.</summary>
    private static Settings Over(Settings tried, Settings other) => other with { Prometheus = tried.Prometheus, PrometheusHttp = tried.PrometheusHttp };

    private static (ISampleHistory History, Window Span) Open(BacktestOptions options, Settings settings, HttpClient http, TimeProvider time)
    {
        var interval = settings.Prometheus.Interval;
        DateTimeOffset Aligned(DateTimeOffset at) => at.AddTicks(-(at.UtcTicks % interval.Ticks)).ToUniversalTime();
        var length = interval * Math.Max(1, options.Since.Ticks / interval.Ticks);
        if (options.Input is not { } input)
        {
            var now = Aligned(time.GetUtcNow() - settings.Prometheus.Delay);
            var metrics = new PollingMetrics(new MetricRegistry());
            return (new ServerHistory(http, settings.Prometheus, metrics, time, NullLogger.Instance), new Window(now - length, now));
        }

        var history = OpenMetricsFile.Read(input, settings.Prometheus);
        if (history.Span is not { } samples)
        {
            throw new StartException(
                $"--input {input} holds no sample of Istio's counters: name a file with series such as istio_requests_total, or look at prometheus.matchers");
        }

        var end = Aligned(samples.Last) is var last && last == samples.Last ? last : last + interval;
        var first = Aligned(samples.First) - interval;
        return (history, new Window(end - length > first ? end - length : first, end));
    }

    private static string NewDatabase(string folder)
    {
        var file = Path.Combine(folder, Store.FileName);
        if (!File.Exists(file)) return file;
        throw new StartException($"--save-state: {file} is there already and is not replaced: name another folder, or move the database away");
    }

    private static BacktestReport Report(BacktestOptions options, Settings settings, Window span, Piece piece, Play tried, Play? other)
    {
        var interval = settings.Prometheus.Interval;
        var (listed, counts) = (tried.Alerts.Listed, tried.Alerts.Counts);
        return new(
            options.ConfigFile ?? "(defaults)",
            span.Start,
            span.End,
            interval.TotalSeconds,
            options.Input ?? settings.Prometheus.Url.GetLeftPart(UriPartial.Path),
            piece.SeriesRead,
            piece.SamplesRead,
            Limits,
            [
                .. tried.Warnings.Select(warning => $"{warning.Message}. To mend it: {warning.Remedy}"),
                .. piece.Notes.Select(note => $"The server says: {note}"),
                .. other is not null && tried.Alerts.Unlisted + other.Alerts.Unlisted > 0 ? [NotCompared] : (IReadOnlyList<string>)[],
            ],
            Coverage.Of(span.Start, span.End, piece.HasSamplesIn),
            counts.Sum(count => count.Alerts),
            tried.Alerts.Unlisted,
            counts,
            [.. tried.Alerts.Workloads.Take(MaxWorkloads)],
            listed,
            other is null ? null : Comparison.Of(options.Against!, listed, other.Alerts.Listed, interval));
    }

    private static bool IsAtLeast(string severity, string mildest)
    {
        var order = Severities.All.ToList();
        return order.IndexOf(severity) >= order.IndexOf(mildest);
    }

    /// <summary>Tells how far it has come, once for each day that is played.</summary>
    private sealed class Progress(TextWriter output, Window span)
    {
        private DateTimeOffset _told = span.Start;

        public void Show(Piece piece)
        {
            if (piece.End - _told < TimeSpan.FromDays(1) && piece.End < span.End) return;
            _told = piece.End;
            var part = (piece.End - span.Start) / (span.End - span.Start);
            output.WriteLine(FormattableString.Invariant(
                $"played until {piece.End:yyyy-MM-dd HH:mm}Z, {part:0 %}: {piece.SamplesRead} samples of {piece.SeriesRead} raw series"));
        }
    }
}
