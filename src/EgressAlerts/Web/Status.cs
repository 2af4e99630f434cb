using EgressAlerts.Export;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;

namespace EgressAlerts.Web;

/// <summary>The answer of <c>/api/v1/status</c>.</summary>
/// <param name="Failure">Why the current window could not be read yet; empty while all is well.</param>
/// <param name="Notes">What Prometheus' answers of the last complete window said beside their data, such as what a query cost.</param>
/// <param name="Dns">How each name server stands.</param>
/// <param name="Configuration">When the configuration was loaded lately, the latest first.</param>
/// <param name="Telemetry">What the mesh's telemetry can and cannot tell.</param>
internal sealed record Status(
    string Version, string ConfigFile, bool Ready, DateTimeOffset? BaselineWindowEnd, DateTimeOffset? LastWindowEnd, string Failure,
    IReadOnlyList<string> Notes, int Series, int SeriesLimit, int Destinations, int Alerts, IReadOnlyList<NameServerStatus> Dns,
    IReadOnlyList<ConfigurationLoad> Configuration, TelemetryReport Telemetry)
{
    private const int ShownLoads = 20;

    public static Status Of(ServeOptions options, PassWorker worker, Exposition exposition)
    {
        var current = exposition.Current;
        return new(
            ServiceVersion.Long,
            options.ConfigName,
            worker.IsReady,
            current?.Ledger.BaselineEnd,
            current?.Counters.Window.End,
            worker.Pass.Failure,
            worker.Pass.Notes,
            current?.Counters.Series.Count ?? 0,
            current?.Counters.Budget.Limit ?? 0,
            current?.Counters.Destinations.Count ?? 0,
            worker.Pass.Alerts.Count(alert => alert.ResolvedAt is null),
            worker.Pass.NameServers,
            [.. worker.Configuration.Loads.Take(ShownLoads)],
            worker.Pass.Telemetry);
    }
}
