using Microsoft.Extensions.Logging;

namespace EgressAlerts.Files;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{File} has changed and was read again")]
    public static partial void FileRead(ILogger logger, string file);

    [LoggerMessage(2, LogLevel.Error, "the new {File} is refused: {Message}. What it said before stays in use")]
    public static partial void FileRefused(ILogger logger, string file, string message);
}
