using Microsoft.Extensions.Logging;

namespace EgressAlerts.Common;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{File} has changed and was read again")]
    public static partial void FileRead(ILogger logger, string file);

    [LoggerMessage(2, LogLevel.Error, "the new {File} is refused: {Message}. What it said before stays in use")]
    public static partial void FileRefused(ILogger logger, string file, string message);

    [LoggerMessage(3, LogLevel.Warning, "{File} is gone or cannot be reached. What it said before stays in use, and it is read again when it is back")]
    public static partial void FileGone(ILogger logger, string file);

    [LoggerMessage(4, LogLevel.Error, "{File} cannot be used: {Message}. It is read again when it changes")]
    public static partial void FileUnusable(ILogger logger, string file, string message);

    [LoggerMessage(40, LogLevel.Information, "the TLS files ({CaFile} {CertFile}) have changed; new connections use what they hold now")]
    public static partial void TlsFilesRead(ILogger logger, string caFile, string certFile);

    [LoggerMessage(
        41, LogLevel.Warning, "the new TLS files cannot be used ({Fault}). Connections go on with the old ones; the files are read again with every request")]
    public static partial void TlsFilesRefused(ILogger logger, string fault);
}
