using Microsoft.Extensions.Logging;

namespace EgressAlerts.Detection;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "the policy files are in use from this window on: {Count} policies in all")]
    public static partial void PoliciesRead(ILogger logger, int count);

    [LoggerMessage(2, LogLevel.Warning, "the policy files are not used as they are now, and the policies before stay in use: {Reason}")]
    public static partial void PoliciesRefused(ILogger logger, string reason);
}
