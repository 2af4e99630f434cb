using Microsoft.Extensions.Logging;

namespace EgressAlerts.Registry;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Kind} are watched through the Kubernetes API; {Count} are known")]
    public static partial void WatchBegun(ILogger logger, string kind, int count);

    [LoggerMessage(2, LogLevel.Warning, "{Message} It is tried again, and what was known stays in use")]
    public static partial void WatchFailed(ILogger logger, string message);

    [LoggerMessage(3, LogLevel.Information, "{Kind} are watched again; {Count} are known")]
    public static partial void WatchRecovered(ILogger logger, string kind, int count);

    [LoggerMessage(4, LogLevel.Error, "the watch of {Kind} met an unexpected error and goes on")]
    public static partial void WatchFaulty(ILogger logger, string kind, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "{Kind}: {Name} cannot be read and is left out: {Reason}")]
    public static partial void ObjectRefused(ILogger logger, string kind, string name, string reason);
}
