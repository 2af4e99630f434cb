using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.MeshSimulator;

/// <summary>A playing mesh on loopback: <c>/metrics</c> for Prometheus, the truth as JSON, and the name server of its destinations.</summary>
public sealed class SimulatorServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SimulatorServer(WebApplication app, World world, DnsResponder dns)
    {
        (_app, World, Dns) = (app, world, dns);
        Address = new Uri(app.Urls.First());
    }

    public World World { get; }

    public DnsResponder Dns { get; }

    /// <summary>Where Prometheus scrapes.</summary>
    public Uri Address { get; }

    public static async Task<SimulatorServer> StartAsync(
        Scenario scenario, int seed = 1, int port = 0, int dnsPort = 0, string cluster = "Kubernetes", int firstPod = 0)
    {
        var world = new World(scenario, seed, TimeProvider.System, cluster, firstPod);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.MapGet("/metrics", () => Results.Text(world.Scrape(), "text/plain; version=0.0.4; charset=utf-8"));
        app.MapGet("/api/v1/truth", (string? baseline, string? counted) => Results.Json(
            world.Truth(Numbers(baseline), Numbers(counted)).Select(sum => new
            {
                source_cluster = sum.Key.Cluster,
                source_workload_namespace = sum.Key.Namespace,
                source_workload = sum.Key.Workload,
                route = sum.Key.Route,
                metric = sum.Key.Metric,
                amount = sum.Value,
            })));
        await app.StartAsync();
        return new SimulatorServer(app, world, new DnsResponder(scenario.Zone, dnsPort));
    }

    public Task WaitAsync() => _app.WaitForShutdownAsync();

    public async ValueTask DisposeAsync()
    {
        await Dns.DisposeAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Reads <c>1,2,7-9</c>.</summary>
    private static List<int> Numbers(string? text) =>
    [
        .. (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Split('-').Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray())
            .SelectMany(range => Enumerable.Range(range[0], range[^1] - range[0] + 1)),
    ];
}
