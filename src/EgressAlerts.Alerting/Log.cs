using Microsoft.Extensions.Logging;

namespace EgressAlerts.Alerting;

internal static partial class Log
{
    [LoggerMessage(
        1, LogLevel.Error, "Alertmanager {Alertmanager} does not take alerts ({Reason}: {Error}). They are sent again with every alerting.resend_interval")]
    public static partial void Failed(ILogger logger, string alertmanager, string reason, string error);

    [LoggerMessage(2, LogLevel.Error, "Alertmanager {Alertmanager} refused one alert {Alert}, the others were sent ({Error})")]
    public static partial void Refused(ILogger logger, string alertmanager, string alert, string error);

    [LoggerMessage(3, LogLevel.Information, "Alertmanager {Alertmanager} takes alerts again")]
    public static partial void Recovered(ILogger logger, string alertmanager);

    [LoggerMessage(4, LogLevel.Warning, "stopped with {Waiting} alerts not sent to Alertmanager {Alertmanager}; it keeps what it has until it expires")]
    public static partial void NotDrained(ILogger logger, string alertmanager, int waiting);

    [LoggerMessage(13, LogLevel.Error, "nobody answers which Alertmanagers {Name} names: the {Known} known ones stay in use; it is asked again")]
    public static partial void NotDiscovered(ILogger logger, string name, int known);

    [LoggerMessage(14, LogLevel.Information, "{Name} names {Known} Alertmanagers again")]
    public static partial void Discovered(ILogger logger, string name, int known);

    [LoggerMessage(
        42,
        LogLevel.Error,
        "an unexpected error stands in the way of discovering Alertmanagers by {Source}. The known ones stay in use, and it is looked at again")]
    public static partial void DiscoveryFaulty(ILogger logger, string source, Exception error);

    [LoggerMessage(43, LogLevel.Information, "{Source} is looked at again without an error")]
    public static partial void DiscoveryRecovered(ILogger logger, string source);
}
