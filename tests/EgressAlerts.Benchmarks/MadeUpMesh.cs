using System.Globalization;
using System.Text;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Benchmarks;

/// <summary>The proxies of a large mesh, for a real store to scrape: each pod has 40 raw series and its <c>up</c>. One pod in fifty talks to the outside
/// only, so 2 % of the series are egress. All others talk within the mesh. A tenth of both moves.</summary>
internal sealed class MadeUpMesh : IAsyncDisposable
{
    public const int SeriesPerPod = 40;
    public const int PodsPerOutside = 50;

    /// <summary>A target shows the series of so many pods, 9 MB. VictoriaMetrics takes 16 MB at most.</summary>
    private const int PodsPerTarget = 250;

    private readonly LoopbackServer _server;

    /// <summary>What each target shows: lines that never change, and series that move, without their value.</summary>
    private readonly List<(byte[] Still, IReadOnlyList<byte[]> Moving)> _targets;

    private MadeUpMesh(LoopbackServer server, int pods)
    {
        _server = server;
        _targets = [.. Enumerable.Range(0, pods).Chunk(PodsPerTarget).Select(Target)];
        server.Answer = AnswerAsync;
    }

    public int Targets => _targets.Count;

    /// <summary>The configuration of a store that scrapes all targets as one job.</summary>
    public string Config(string scrapeInterval) => $"""
        global: {"{"} scrape_interval: {scrapeInterval}, scrape_timeout: {scrapeInterval} {"}"}
        scrape_configs:
          - job_name: envoy-stats
            honor_labels: true
            static_configs:
        {string.Join('\n', Enumerable.Range(0, Targets).Select(target =>
            $"      - {{ targets: ['{_server.Address.Authority}'], labels: {{ __metrics_path__: '/{target}', instance: 'target-{target}' }} }}"))}

        """;

    public static async Task<MadeUpMesh> StartAsync(int series) => new(await LoopbackServer.StartAsync(), series / SeriesPerPod);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static (byte[] Still, IReadOnlyList<byte[]> Moving) Target(int[] pods)
    {
        var still = new StringBuilder();
        var moving = new List<byte[]>();
        foreach (var number in pods)
        {
            var pod = Pod(number);
            still.Append(CultureInfo.InvariantCulture, $"up{{instance=\"{pod.Instance}:15090\",namespace=\"{pod.Namespace}\",pod=\"{pod.Name}\"}} 1\n");
            foreach (var series in Series(number, pod))
            {
                if (number % 10 == number / PodsPerOutside % 10) moving.Add(Encoding.UTF8.GetBytes(series));
                else still.Append(series).Append(" 1000\n");
            }
        }

        return (Encoding.UTF8.GetBytes(still.ToString()), moving);
    }

    private static Pod Pod(int number)
    {
        var (ns, workload) = ($"ns-{number / PodsPerOutside % 100}", $"workload-{number / 5}");
        return new("Kubernetes", ns, workload, $"{workload}-{number:x5}", MadeUpPrometheus.AddressOf(number), Dialect.TelemetryV2);
    }

    private static IEnumerable<string> Series(int number, Pod pod)
    {
        var outside = number % PodsPerOutside == 0;
        for (var http = 0; http < (outside ? 8 : 12); http++)
        {
            var to = (number + http) % 200;
            pod.Http(outside ? new(Way.Registered, $"service-{to}.example.com", "", 443) : new(Way.InMesh, $"service-{to}", "10.44.0.200", 9080));
        }

        for (var tcp = 0; tcp < (outside ? 4 : 1); tcp++)
        {
            var to = (number + tcp) % 200;
            pod.Tcp(outside ? new(Way.Passthrough, "", $"52.40.{to / 100}.{(to % 100) + 1}", 443) : new(Way.InMesh, $"database-{to}", "10.44.0.201", 5432));
        }

        // Every other pod reports what it has received.
        return pod.Counters.Select(counter =>
            number % 2 == 0 ? counter.Series : counter.Series.Replace("reporter=\"source\"", "reporter=\"destination\"", StringComparison.Ordinal));
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var (still, moving) = _targets[int.Parse(context.Request.Path.Value![1..], CultureInfo.InvariantCulture)];
        var value = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $" {TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}\n"));
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        var body = context.Response.BodyWriter;
        await body.WriteAsync(still);
        foreach (var series in moving)
        {
            await body.WriteAsync(series);
            await body.WriteAsync(value);
        }
    }
}
