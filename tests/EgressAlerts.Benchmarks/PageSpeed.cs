using System.Diagnostics;
using System.Globalization;
using EgressAlerts.Common;
using EgressAlerts.Export;
using EgressAlerts.Model;
using EgressAlerts.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Benchmarks;

/// <summary>What pages of long tables cost: the time until they are there, their size, and what is allocated for them.</summary>
internal static class PageSpeed
{
    private const int Rounds = 20;
    private static readonly string[] Paths = ["destinations", "destinations?sort=name&page=57", "readiness", "api/v1/destinations"];

    /// <param name="destinations">How many there are, of 100 workloads, with four counters each.</param>
    public static async Task RunAsync(int destinations)
    {
        var exposition = new Exposition(new MetricRegistry(), TimeProvider.System);
        var watch = Stopwatch.StartNew();
        exposition.Publish(Snapshot(destinations), new Ledger(DateTimeOffset.UnixEpoch, [], []));

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        var options = new ServeOptions(null, ListenAddress.TryParse("127.0.0.1:0")!, RoutePrefix.None, "/nowhere", EnableLifecycle: false, "info", "logfmt");

        // These pages read nothing but the exported counters.
        var sources = new PageSources(options, worker: null!, exposition, TimeProvider.System);
        var header = new HeaderModel("0", [], null, []);
        var routes = new PageRoutes(app, RoutePrefix.None, new PageRenderer(NullLoggerFactory.Instance), () => header, TimeProvider.System);
        new DestinationPages(sources).Map(routes);
        new ReadinessPages(sources).Map(routes);
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        watch.Restart();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        _ = sources.Traffic.Current;
        Say("the counters of a window, summed once", watch.Elapsed, GC.GetTotalAllocatedBytes(precise: true) - before, 0);
        foreach (var path in Paths)
        {
            var first = await GetAsync(http, path);
            var best = first;
            for (var i = 0; i < Rounds; i++)
            {
                var next = await GetAsync(http, path);
                if (next.Time < best.Time) best = next;
            }

            Say($"/{path}, first", first.Time, first.Allocated, first.Bytes);
            Say($"/{path}, best of {Rounds}", best.Time, best.Allocated, best.Bytes);
        }
    }

    /// <summary>The client runs in this process too, so what it allocates counts.</summary>
    private static async Task<(TimeSpan Time, long Allocated, int Bytes)> GetAsync(HttpClient http, string path)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var watch = Stopwatch.StartNew();
        var body = await http.GetByteArrayAsync(new Uri(path, UriKind.Relative));
        return (watch.Elapsed, GC.GetTotalAllocatedBytes(precise: true) - before, body.Length);
    }

    private static CounterSnapshot Snapshot(int destinations)
    {
        List<Workload> workloads = [.. Enumerable.Range(0, 100).Select(i => new Workload(FormattableString.Invariant($"ns-{i % 10}"), $"workload-{i}"))];
        var (series, named) = (new List<ExportedSeries>(), new List<Destination>());
        for (var i = 0; i < destinations; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"service-{i}.some-customer-{i % 700}.example.com");
            named.Add(new Destination(name, NameSource.Ptr, Confirmed: true, "EXAMPLE-AS", "", "eu-central-1", "example.com"));
            foreach (var metric in (Metric[])[Metric.ConnectionsOpened, Metric.ConnectionsClosed, Metric.UploadBytes, Metric.DownloadBytes])
            {
                series.Add(new(new CounterSeries(new SeriesKey(metric, workloads[i % 100], name, "443", Route.Passthrough, Protocol.Tcp)), i + 1));
            }
        }

        var window = new Window(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(30));
        return new(window, series, named, new Totals(), [], new Totals(), new BudgetReport(series.Count, 0, 0, series.Count, 0, 0, 0, 0, 0));
    }

    private static void Say(string what, TimeSpan time, long allocated, int bytes) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{what,-45} {time.TotalMilliseconds,8:0.0} ms {allocated / 1048576.0,8:0.0} MiB allocated {bytes / 1024,6} KiB"));
}
