using System.Text.Json;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>Telemetry that makes counts wrong or blind is told, with what mends it.</summary>
public sealed class TelemetryStoryTests
{
    [Fact]
    public async Task What_the_telemetry_cannot_tell_is_on_the_status_page_in_the_log_and_in_a_metric()
    {
        await using var mesh = await SimulatorServer.StartAsync(Scenarios.Telemetry());
        await using var prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", mesh.Address));
        await using var service = await ServiceAsync(mesh, prometheus, "");

        await Deadline.UntilAsync(async () => Kinds(await TelemetryAsync(service)).Count == 2, 40, $"two warnings:\n{service.Output}");
        var telemetry = await TelemetryAsync(service);
        Assert.Equal(["mangled_names", "blocked_without_address"], Kinds(telemetry));
        var (mangled, blocked) = (telemetry.GetProperty("warnings")[0], telemetry.GetProperty("warnings")[1]);
        Assert.Contains("envoy_request_host_api_example_com_istio_tcp_", mangled.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("sidecar.istio.io/extraStatTags", mangled.GetProperty("remedy").GetString(), StringComparison.Ordinal);
        Assert.Contains(
            "4 of 4 series of blocked TCP connections do not say where to; the first is of shop/plain",
            blocked.GetProperty("message").GetString(),
            StringComparison.Ordinal);
        Assert.Contains("destination_ip from destination.address", blocked.GetProperty("remedy").GetString(), StringComparison.Ordinal);
        Assert.Contains("telemetry blocked_without_address: 4 of 4 series", service.Output, StringComparison.Ordinal);

        // One of three series of each metric has an address: the other two are the plain workload's.
        var opened = telemetry.GetProperty("coverage").EnumerateArray()
            .Single(metric => metric.GetProperty("metric").GetString() == "istio_tcp_connections_opened_total");
        Assert.Equal(3, opened.GetProperty("series").GetInt32());
        Assert.Equal(
            [("destination_ip", 33.3), ("destination_port", 33.3), ("sni", 0), ("host", 0), ("path", 0), ("response_code_details", 0)],
            opened.GetProperty("present").EnumerateObject().Select(dimension => (dimension.Name, dimension.Value.GetDouble())));

        var metrics = await service.MetricsAsync();
        Assert.Equal(
            [
                ("blind_waypoint", 0), ("blocked_without_address", 1), ("double_counting", 0), ("mangled_names", 1), ("replica_inversions", 0),
                ("unclear_refusals", 0), ("unknown_notes", 0), ("without_up", 0),
            ],
            metrics.Where(sample => sample.Name == "egress_alerts_telemetry_warnings").Select(sample => (sample["kind"], (int)sample.Value)).Order());

        var server = Assert.Single((await service.GetAsync("api/v1/status")).GetProperty("dns").EnumerateArray());
        Assert.Equal(($"{mesh.Dns.Endpoint}", JsonValueKind.Null), (server.GetProperty("server").GetString(), server.GetProperty("resting_since").ValueKind));

        using var http = new HttpClient();
        Assert.Equal(
            await File.ReadAllTextAsync(Repository.File("deploy", "istio", "telemetry.yaml")),
            await http.GetStringAsync(new Uri(service.Address, "/istio/telemetry.yaml")));
    }

    [Fact]
    public async Task Two_jobs_that_scrape_the_same_proxies_are_told_and_everything_counts_once()
    {
        await using var mesh = await SimulatorServer.StartAsync(Scenarios.Restarts(TimeSpan.FromMilliseconds(250)));
        await using var stats = await PrometheusServer.StartAsync("1s", ("envoy-stats", mesh.Address), ("kubernetes-pods", mesh.Address));
        await using var service = await ServiceAsync(mesh, stats, "late: 6s, ");
        var last = DateTimeOffset.MinValue;
        for (var exact = 0; exact < 5;)
        {
            var ledger = await Deadline.UntilAsync(
                async () => await Ledger.OfAsync(service, stats, mesh.World, after: last) is { Truth.Count: > 10 } books ? books : null,
                40,
                $"a window with traffic:\n{service.Output}");
            last = ledger.WindowEnd;

            // Where a busy machine delays scrapes, the next ones tell what a fall was. Nothing is ever counted that did not happen.
            Assert.True(ledger.Phantoms.Count == 0, string.Join('\n', ledger.Phantoms));
            if (ledger.Differences.Count == 0) exact++;
        }

        await Deadline.UntilAsync(async () => Kinds(await TelemetryAsync(service)).Contains("double_counting"), 40, $"a warning:\n{service.Output}");
        var warning = (await TelemetryAsync(service)).GetProperty("warnings").EnumerateArray()
            .First(entry => entry.GetProperty("kind").GetString() == "double_counting");
        Assert.Contains("They differ in job (", warning.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("Each counter counts once", warning.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Matches("^add 'job=\"(envoy-stats|kubernetes-pods)\"' to prometheus.matchers$", warning.GetProperty("remedy").GetString());
    }

    private static async Task<EgressAlertsProcess> ServiceAsync(SimulatorServer mesh, PrometheusServer prometheus, string more)
    {
        var service = new EgressAlertsProcess($$"""
            prometheus: { {{more}}url: '{{prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s }
            dns: { servers: ['{{mesh.Dns.Endpoint}}'], timeout: 500ms, queries_per_second: 1000 }
            alerting: { alertmanagers: [] }
            """);
        await prometheus.UntilScrapedAsync();
        await service.StartAsync();
        return service;
    }

    private static async Task<JsonElement> TelemetryAsync(EgressAlertsProcess service) => (await service.GetAsync("api/v1/status")).GetProperty("telemetry");

    private static List<string> Kinds(JsonElement telemetry) =>
        [.. telemetry.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetProperty("kind").GetString()!)];
}
