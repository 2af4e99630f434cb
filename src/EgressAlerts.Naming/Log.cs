using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "there is no Public Suffix List at {File}: the registrable domain of a name is guessed from its last labels")]
    public static partial void NoSuffixList(ILogger logger, string file);

    [LoggerMessage(
        2, LogLevel.Warning, "{File} holds records that cannot be read ({Reason}). Their addresses get neither owner nor region from it. Download it again")]
    public static partial void DamagedDatabase(ILogger logger, string file, string reason);
}
