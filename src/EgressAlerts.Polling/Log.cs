using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "no complete answer from Prometheus: the window {Window} waits ({Reason}: {Message}; query {Query})")]
    public static partial void QueryFailed(ILogger logger, string window, string reason, string message, string query);

    [LoggerMessage(2, LogLevel.Information, "Prometheus answers again")]
    public static partial void QueryRecovered(ILogger logger);

    [LoggerMessage(3, LogLevel.Information, "counting starts with the window after {Baseline}: {Series} raw series are the baseline")]
    public static partial void Baseline(ILogger logger, string baseline, int series);

    [LoggerMessage(4, LogLevel.Warning, "Prometheus has no Istio series: does it scrape the sidecars, and do prometheus.matchers fit?")]
    public static partial void NoSeries(ILogger logger);
}
