using EgressAlerts.Model;
using EgressAlerts.Polling;

namespace EgressAlerts.Doctor;

/// <summary>The checks whose results the running service knows without asking anybody anew. Stateless.</summary>
internal static class KnownChecks
{
    /// <summary>What is wrong comes first.</summary>
    /// <param name="isScraped">Whether somebody has scraped the service.</param>
    public static IReadOnlyList<Check> Of(TelemetryReport telemetry, Alerting.AlertingOptions alerting, bool isScraped) =>
    [
        .. TelemetryChecks.OfService(telemetry).Append(ServiceChecks.ExternalUrlCheck(alerting)).Append(ServiceChecks.ScrapedCheck(isScraped ? 1 : 0))
            .OrderByDescending(check => check.Result),
    ];
}
