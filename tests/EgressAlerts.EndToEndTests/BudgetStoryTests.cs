using System.Globalization;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>What a noisy neighbour can and cannot do.</summary>
public sealed class BudgetStoryTests
{
    private const int MaxSeries = 60;

    [Fact]
    public async Task A_flood_of_one_workload_hides_neither_the_name_nor_the_alert_of_anothers_new_heavy_destination()
    {
        var heavy = new Target(Way.Passthrough, "", "52.22.188.80", 443);
        var scenario = new Scenario(
            "flood",
            TimeSpan.FromMilliseconds(250),
            world =>
            {
                if (world.Pods.Count == 0)
                {
                    world.Start("shop", "noisy");
                    world.Start("shop", "quiet");
                }

                world.Pods[1].Http(new Target(Way.Registered, "api.stripe.com", "", 443));
                for (var i = 0; i < 10; i++)
                {
                    var address = string.Create(CultureInfo.InvariantCulture, $"60.{i}.{world.Tick / 250}.{world.Tick % 250}");
                    world.Pods[0].Tcp(new Target(Way.Passthrough, "", address, 443), sent: 100, got: 100);
                }
            },
            new DnsZone().Named("52.22.188.80", "ec2-52-22-188-80.compute-1.amazonaws.com"));
        await using var mesh = await SimulatorServer.StartAsync(scenario);
        await using var prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", mesh.Address));
        await using var alertmanager = await AlertmanagerServer.StartAsync();
        await using var service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s }
            dns: { servers: ['{{mesh.Dns.Endpoint}}'], queries_per_second: 1000 }
            cardinality: { max_series: {{MaxSeries}} }
            detection: { learning: 4s }
            alerting: { alertmanagers: [{ url: '{{alertmanager.Address}}' }], resend_interval: 1s }
            """);
        await service.StartAsync();
        await Deadline.UntilAsync(
            async () => (await UploadsAsync("__other__")).Any(upload => upload["source_workload"] == "noisy" && upload.Value > 5_000),
            60,
            $"the flood goes to the overflow:\n{service.Output}");

        mesh.World.Do(world => world.Pods[1].Tcp(heavy, sent: 50_000_000));

        var counter = await Deadline.UntilAsync(
            async () => (await UploadsAsync("*.compute-1.amazonaws.com")).FirstOrDefault(upload => upload.Value > 0),
            150,
            "the heavy destination has a series of its own");
        Assert.Equal(("quiet", 50_000_000), (counter["source_workload"], counter.Value));
        // It keeps what it fired with, also where the name came a window later.
        await Deadline.UntilAsync(
            async () => (await alertmanager.AlertsAsync("EgressNewDestination"))
                .Where(alert => alert.Labels["source_workload"] == "quiet")
                .FirstOrDefault(alert => alert.Labels["destination"] is "*.compute-1.amazonaws.com" or "52.22.188.80"),
            150,
            "and an alert of its own");
        var live = (await service.MetricsAsync()).Single(sample => sample.Name == "egress_alerts_series" && sample["state"] == "live");
        Assert.InRange(live.Value, 1, MaxSeries);

        async Task<IEnumerable<PromSample>> UploadsAsync(string destination) => (await service.MetricsAsync())
            .Where(sample => sample.Name == "egress_upload_bytes_total" && sample["destination"] == destination);
    }
}
