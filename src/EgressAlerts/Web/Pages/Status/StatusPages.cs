using EgressAlerts.Doctor;

namespace EgressAlerts.Web;

/// <summary>The page about the service itself.</summary>
internal sealed class StatusPages(PageSources sources)
{
    private const int ShownLoads = 20;

    public void Map(PageRoutes routes) => routes.MapPage<StatusPage, StatusModel>("/status", _ => Read());

    private PageResult<StatusModel> Read()
    {
        var (current, pass, worker) = (sources.Exposition.Current, sources.Pass, sources.Worker);
        return PageResult.Of("Status", new StatusModel(
            ServiceVersion.Long,
            sources.Options.ConfigName,
            worker.IsReady,
            current?.Ledger.BaselineEnd,
            current?.Counters.Window.End,
            pass.Failure,
            pass.Notes,
            current?.Counters.Series.Count ?? 0,
            current?.Counters.Budget.Limit ?? 0,
            current?.Counters.Destinations.Count ?? 0,
            pass.Alerts.Count(alert => alert.ResolvedAt is null),
            pass.NameServers,
            [.. worker.Configuration.Loads.Take(ShownLoads)],
            pass.Telemetry,
            pass.Queries,
            pass.QueryParts,
            pass.Alertmanagers,
            sources.Access?.Status is { } access ? [access, .. pass.Files] : pass.Files,
            pass.Watches,
            StorageStatus.Of(sources.Options.StoragePath),
            pass.HeldBackAlerts.Count,
            current?.Ledger.Waiting.Count ?? 0,
            [.. KnownChecks.Of(pass.Telemetry, pass.Settings.Alerting, sources.Exposition.IsScraped).Select(CheckRow.Of)]));
    }
}
