using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "no complete answer from Prometheus: the window {Window} waits ({Reason}: {Message}; query {Query})")]
    public static partial void QueryFailed(ILogger logger, string window, string reason, string message, string query);

    [LoggerMessage(2, LogLevel.Information, "Prometheus answers again")]
    public static partial void QueryRecovered(ILogger logger);

    [LoggerMessage(3, LogLevel.Information, "counting starts with the window after {Baseline}: {Counters} counters are the baseline")]
    public static partial void Baseline(ILogger logger, DateTimeOffset baseline, int counters);

    [LoggerMessage(
        12,
        LogLevel.Information,
        "the baseline moves on to {Baseline}, with {Counters} counters: no job has been scraped for a whole window before this one yet")]
    public static partial void BaselineMoved(ILogger logger, DateTimeOffset baseline, int counters);

    [LoggerMessage(4, LogLevel.Warning, "Prometheus has no Istio series that may be egress: does it scrape the sidecars, and do prometheus.matchers fit?")]
    public static partial void NoSeries(ILogger logger);

    [LoggerMessage(5, LogLevel.Warning, "telemetry {Kind}: {Message}. To mend it: {Remedy}")]
    public static partial void Telemetry(ILogger logger, string kind, string message, string remedy);

    [LoggerMessage(6, LogLevel.Information, "telemetry {Kind}: no longer seen")]
    public static partial void TelemetryMended(ILogger logger, string kind);

    [LoggerMessage(
        7,
        LogLevel.Error,
        "the window {Window} is skipped: Prometheus has nothing from then nor what it had before, so its retention has passed or its data was lost; "
        + "what series that still live grew by counts with a later window, what was born and died in between is lost")]
    public static partial void Gone(ILogger logger, string window);

    [LoggerMessage(8, LogLevel.Information, "history: {Flows} flows of {Series} raw series were there before, the earliest at {First}")]
    public static partial void History(ILogger logger, int flows, int series, DateTimeOffset first);

    [LoggerMessage(
        9,
        LogLevel.Warning,
        "history: what was there at {At} and before is not known, {Reason}: {Message}. "
        + "Destinations that are not known become news once their workload has been watched for detection.learning")]
    public static partial void HistoryFailed(ILogger logger, DateTimeOffset at, string reason, string message);

    [LoggerMessage(10, LogLevel.Information, "Prometheus' answers come with notes; they are counted all the same: {Notes}")]
    public static partial void Notes(ILogger logger, string notes);

    [LoggerMessage(11, LogLevel.Information, "Prometheus' answers come without notes again")]
    public static partial void NotesEnded(ILogger logger);
}
