using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming.Dns;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "name server {Server} does not answer ({Reason}): destinations keep their addresses until it is back")]
    public static partial void ServerRests(ILogger logger, string server, string reason);

    [LoggerMessage(2, LogLevel.Warning, "name server {Server} does not answer ({Reason}): the other name servers are asked until it is back")]
    public static partial void OneServerRests(ILogger logger, string server, string reason);

    [LoggerMessage(3, LogLevel.Information, "name server {Server} answers again")]
    public static partial void ServerIsBack(ILogger logger, string server);

    [LoggerMessage(6, LogLevel.Warning, "dns.servers is empty and {File} names no name server: destinations keep their addresses until it names one")]
    public static partial void NoServer(ILogger logger, string file);

    [LoggerMessage(
        4,
        LogLevel.Error,
        "a DNS look-up failed unexpectedly. This is a bug. Look-ups go on; more such failures are only counted, as reason internal")]
    public static partial void LookupCrashed(ILogger logger, Exception exception);

    [LoggerMessage(5, LogLevel.Information, "no DNS look-up has failed unexpectedly for a minute")]
    public static partial void LookupsAreWell(ILogger logger);
}
