using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>The four samples of Istio's 2019 post "Monitoring Blocked and Passthrough External Service Traffic", from its Mixer into our exposition.</summary>
public sealed class Istio2019PostTests
{
    [Fact]
    public async Task The_four_samples_come_out_with_their_route_name_and_count_and_TCP_is_named_by_reverse_DNS()
    {
        await using var mesh = await SimulatorServer.StartAsync(Scenarios.Post2019());
        await using var prometheus = await PrometheusServer.StartAsync("1s", ("istio-mesh", mesh.Address));
        await using var service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s }
            dns: { servers: ['{{mesh.Dns.Endpoint}}'] }
            alerting: { alertmanagers: [] }
            """);
        await service.StartAsync();

        var counters = await Deadline.UntilAsync(
            async () => (await service.MetricsAsync()).Where(sample => IsSleeps(sample) && sample.Value > 0).ToList() is { Count: >= 10 } found ? found : null,
            60,
            $"all four samples:\n{service.Output}");

        Assert.Equal(
            [
                "egress_connections_closed_total *.compute-1.amazonaws.com blocked tcp  - = 1",
                "egress_connections_closed_total *.compute-1.amazonaws.com passthrough tcp  - = 1",
                "egress_requests_total httpbin.org blocked http 502 - = 1",
                "egress_requests_total httpbin.org passthrough http 200 - = 1",
            ],
            counters
                .Where(sample => sample.Name is "egress_requests_total" or "egress_connections_closed_total")
                .Select(sample =>
                    string.Join(' ', sample.Name, sample["destination"], sample["route"], sample["protocol"], sample["response_code"], sample["response_flags"])
                    + $" = {sample.Value}")
                .Order(StringComparer.Ordinal));

        var metrics = await service.MetricsAsync();
        Assert.Equal(
            ["*.compute-1.amazonaws.com ptr true", "httpbin.org host false"],
            metrics
                .Where(sample => sample.Name == "egress_destination_info")
                .Select(sample => $"{sample["destination"]} {sample["name_source"]} {sample["confirmed"]}")
                .Order(StringComparer.Ordinal));

        static bool IsSleeps(PromSample sample) =>
            sample.Name.StartsWith("egress_", StringComparison.Ordinal)
            && sample["source_workload"] == "sleep"
            && sample["source_workload_namespace"] == "default";
    }
}
