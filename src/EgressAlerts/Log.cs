using Microsoft.Extensions.Logging;

namespace EgressAlerts;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "egress-alerts {Version} listens on {Url}, config {Config}, state in {Storage}")]
    public static partial void Started(ILogger logger, string version, string url, string config, string storage);

    [LoggerMessage(2, LogLevel.Information, "stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(
        3,
        LogLevel.Error,
        "a pass ended in an unexpected error; its window is repeated from what was committed last. This is a bug: please report it")]
    public static partial void Crashed(ILogger logger, Exception error);

    [LoggerMessage(
        4,
        LogLevel.Error,
        "{Skipped} windows are skipped, {Time}: they lie further back than prometheus.max_catch_up ({MaxCatchUp}). Series that still live count "
        + "in full; what was born and died in between is missing")]
    public static partial void Skipped(ILogger logger, long skipped, string time, string maxCatchUp);

    [LoggerMessage(5, LogLevel.Information, "going on from {File}, last window ended {End}")]
    public static partial void Restored(ILogger logger, string file, DateTimeOffset end);

    [LoggerMessage(
        6,
        LogLevel.Warning,
        "the checkpoint {File} of version 0.1.0 is not read. Unless there is a database already, counting begins with a baseline, and habits "
        + "are learned anew. It was set aside as {Aside}, which you can delete")]
    public static partial void OldCheckpoint(ILogger logger, string file, string aside);

    [LoggerMessage(9, LogLevel.Information, "reloaded {Config}")]
    public static partial void Reloaded(ILogger logger, string config);

    [LoggerMessage(10, LogLevel.Error, "the configuration was not reloaded, the old one stays in use: {Errors}")]
    public static partial void ReloadRefused(ILogger logger, string errors);

    [LoggerMessage(EventId = 11, Message = "egress access")]
#pragma warning disable SYSLIB1015 // The facts are fields that queries find. The sentence is the same for all flows.
    public static partial void Access(
        ILogger logger, LogLevel level, string @namespace, string workload, string destination, string address, string port, string nameSource,
        bool confirmed, string route, double requests, double connectionsOpened, double connectionsClosed, double uploadBytes, double downloadBytes);
#pragma warning restore SYSLIB1015

    [LoggerMessage(12, LogLevel.Information, "egress access: {More} more flows in this window, not logged one by one; /api/v1/destinations has them all")]
    public static partial void MoreAccess(ILogger logger, int more);

    [LoggerMessage(EventId = 19, Level = LogLevel.Information, Message = "alert {State}: {Alertname}: {Summary}")]
#pragma warning disable SYSLIB1015 // The facts are fields that queries find. The summary has them for people.
    public static partial void Alert(
        ILogger logger, string state, string alertname, string summary, string severity, string cluster, string @namespace, string workload,
        string destination, string fingerprint);
#pragma warning restore SYSLIB1015

    [LoggerMessage(20, LogLevel.Information, "{More} more alerts fire or have resolved in this window, not logged one by one; /api/v1/alerts has them all")]
    public static partial void MoreAlerts(ILogger logger, int more);

    [LoggerMessage(
        21,
        LogLevel.Debug,
        "the window that ends {WindowEnd} is counted: {Increments} counters grew, {Findings} findings hold, {Alerts} alerts fire or have just resolved; "
        + "it took {Seconds} s")]
    public static partial void Counted(ILogger logger, DateTimeOffset windowEnd, int increments, int findings, int alerts, double seconds);

    [LoggerMessage(22, LogLevel.Debug, "asked Prometheus {Server} for {Query}: {Seconds} s{Failure}")]
    public static partial void Asked(ILogger logger, string server, string query, double seconds, string failure);

    [LoggerMessage(
        17,
        LogLevel.Error,
        "the last window ended at {LastEnd}, but it is {Now}: the clock was ahead then. Nothing is counted until that time. To go on at once, "
        + "stop the service and move its database away")]
    public static partial void ClockWasAhead(ILogger logger, DateTimeOffset lastEnd, DateTimeOffset now);

    [LoggerMessage(
        15,
        LogLevel.Error,
        "the reload failed in an unexpected error, the old configuration stays in use. If the configuration is good, this is a bug: please "
        + "report it")]
    public static partial void ReloadFailed(ILogger logger, Exception error);

    [LoggerMessage(
        16,
        LogLevel.Error,
        "the stages of the old configuration did not end as they should: alerts that waited there may be sent only with the next resend")]
    public static partial void NotEnded(ILogger logger, Exception error);

    [LoggerMessage(
        18, LogLevel.Information, "the telemetry tells clusters: what was learned about {Placed} of {Learned} workloads belongs to their clusters from now on")]
    public static partial void ClustersTold(ILogger logger, int placed, int learned);

    [LoggerMessage(19, LogLevel.Information, "{File}, or a file that it names, has changed and was read again; new connections and requests use it")]
    public static partial void WebConfigRead(ILogger logger, string file);

    [LoggerMessage(20, LogLevel.Error, "the new {File}, or a file that it names, is refused: {Message}. What it said before stays in use")]
    public static partial void WebConfigRefused(ILogger logger, string file, string message);
}
