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
}
