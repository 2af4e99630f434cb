using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "networks of {File} read again: {Count}")]
    public static partial void NetworksRead(ILogger logger, string file, int count);

    [LoggerMessage(2, LogLevel.Error, "the new {File} is refused: {Message}. Its {Count} networks from before stay in use")]
    public static partial void NetworksRefused(ILogger logger, string file, string message, int count);
}
