using EgressAlerts.Polling;

namespace EgressAlerts.Web;

/// <summary>Says what a complete set-up still lacks.</summary>
internal static class SetUpSteps
{
    private const string Address = "destination_ip";

    public static IReadOnlyList<SetUpStep> Of(PageSources sources)
    {
        var (pass, settings) = (sources.Pass, sources.Pass.Settings);
        return
        [
            new(sources.Exposition.Current is not null, "Prometheus is read", "wait for the first window, or see why it fails", "status"),
            new(
                pass.Telemetry.Coverage.Any(IsTold),
                "Istio's metrics tell addresses",
                "add the Telemetry resource that this link leads to, so that TCP traffic has names",
                TelemetryWarning.TelemetryResource.TrimStart('/')),
            new(
                sources.Exposition.IsScraped,
                "Prometheus scrapes this service",
                "add a scrape job for /metrics, so that there are history, dashboards and sparklines",
                "status"),
            new(settings.Alerting.Alertmanagers.Count > 0, "An Alertmanager gets the alerts", "name one in alerting.alertmanagers", "status"),
            new(
                !settings.Alerting.IsExternalUrlGuessed,
                "Links in alerts lead here",
                "set alerting.external_url to the address under which people reach this page",
                "config"),
            new(
                pass.Learning is { Workloads: > 0 } learning && learning.Learned > 0,
                "Habits are learned",
                $"wait until workloads have been watched for {Common.DurationText.Rounded(settings.Detection.Learning)}; until then nothing is new for them",
                "workloads"),
        ];
    }

    private static bool IsTold(MetricCoverage coverage) =>
        coverage.Series > 0 && coverage.Present.GetValueOrDefault(Address) >= TelemetryChecks.EnoughAddresses;
}
