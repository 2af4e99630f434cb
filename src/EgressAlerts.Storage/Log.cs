using Microsoft.Extensions.Logging;

namespace EgressAlerts.Storage;

internal static partial class Log
{
    [LoggerMessage(
        1,
        LogLevel.Error,
        "the database {File} cannot be written ({Error}). Make room or mend the disk. Counting goes on, but a crash would lose what was counted since")]
    public static partial void NotCommitted(ILogger logger, string file, string error);

    [LoggerMessage(2, LogLevel.Information, "the database {File} can be written again, and nothing was lost")]
    public static partial void CommittedAgain(ILogger logger, string file);

    [LoggerMessage(3, LogLevel.Error, "the database {File} cannot be used: {Reason}. It was set aside as {Aside}")]
    public static partial void SetAside(ILogger logger, string file, string reason, string aside);

    [LoggerMessage(
        4, LogLevel.Warning, "the backup {Backup} of {Written:O} takes its place. Windows since then are counted again as far as Prometheus has them")]
    public static partial void BackupOpened(ILogger logger, string backup, DateTime written);

    [LoggerMessage(8, LogLevel.Warning, "the database {File} has been written anew from memory, and nothing was lost")]
    public static partial void WrittenAnew(ILogger logger, string file);

    [LoggerMessage(5, LogLevel.Error, "{Rows} rows of the table {Table} cannot be read ({Reason}). They begin anew, and the rest goes on")]
    public static partial void Unreadable(ILogger logger, int rows, string table, string reason);

    [LoggerMessage(6, LogLevel.Error, "the hourly backup cannot be written: {Error}")]
    public static partial void BackupFailed(ILogger logger, string error);

    [LoggerMessage(7, LogLevel.Information, "the hourly backup can be written again")]
    public static partial void BackupWorks(ILogger logger);
}
