using System.Buffers;
using System.Globalization;
using System.Text;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Benchmarks;

/// <summary>A query API that answers for any number of raw series without holding them: 40 a pod, one sample each 15 s, every tenth pod moving.</summary>
internal sealed class MadeUpPrometheus : IAsyncDisposable
{
    private const int ScrapeSeconds = 15;
    private const int MetricsPerFlow = 4;
    private const int FlowsPerPod = 10;
    private const string Empty = """{"status":"success","data":{"resultType":"matrix","result":[]}}""";

    private readonly List<byte[]> _labels;
    private readonly List<string> _up;
    private readonly LoopbackServer _server;

    private MadeUpPrometheus(LoopbackServer server, int series, int pods)
    {
        _server = server;
        _labels = [.. Enumerable.Range(0, series / MetricsPerFlow).Select(i => Encoding.UTF8.GetBytes(Labels(i)))];
        var targets = Enumerable.Range(0, Math.Max(pods, (series / MetricsPerFlow / FlowsPerPod) + 1)).Select(PodOf);
        _up =
        [
            .. targets.Select(pod => $$"""
                {"__name__":"up","instance":"{{pod.Instance}}:15090","job":"envoy-stats","namespace":"{{pod.Namespace}}","pod":"{{pod.Name}}"}
                """),
        ];
        server.Answer = AnswerAsync;
    }

    public Uri Address => _server.Address;

    /// <param name="pods">How many pods have an <c>up</c>, if more than the series are of.</param>
    public static async Task<MadeUpPrometheus> StartAsync(int series, int pods) => new(await LoopbackServer.StartAsync(), series, pods);

    /// <summary>The address of a pod.</summary>
    public static string AddressOf(int number) => $"10.{44 + (number / 62_500)}.{number / 250 % 250}.{(number % 250) + 1}";

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static Pod PodOf(int number) =>
        new("Kubernetes", $"ns-{number % 10}", $"workload-{number % 50}", $"workload-{number}", AddressOf(number), Dialect.TelemetryV2);

    /// <summary>The labels of a flow of a pod as JSON members, without the metric's name.</summary>
    private static string Labels(int flow)
    {
        var number = flow / FlowsPerPod;
        var pod = PodOf(number);
        var to = ((number * 7) + (flow % FlowsPerPod)) % 200;
        var target = new Target(Way.Passthrough, "", string.Create(CultureInfo.InvariantCulture, $"52.40.{to / 100}.{(to % 100) + 1}"), 443);
        var sample = PromSample.Parse(LabelSets.Of(pod, "m", target, tcp: true, "tcp", "", "-") + " 0")[0];
        return string.Join(',', sample.Labels.Append(new("job", "envoy-stats")).Select(label => $"\"{label.Key}\":\"{label.Value}\""));
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        var (query, end) = (form["query"].ToString(), (long)double.Parse(form["time"].ToString(), CultureInfo.InvariantCulture));
        if (query.StartsWith("group by (job)", StringComparison.Ordinal))
        {
            await context.Response.WriteAsync(Vector(["{\"job\":\"envoy-stats\"}"], end));
            return;
        }

        if (query.StartsWith("last_over_time(up", StringComparison.Ordinal))
        {
            await context.Response.WriteAsync(Vector(_up, end));
            return;
        }

        if (!query.StartsWith("istio_tcp", StringComparison.Ordinal))
        {
            await context.Response.WriteAsync(Empty);
            return;
        }

        var name = query[..query.IndexOf('{', StringComparison.Ordinal)];
        var milliseconds = query[(query.IndexOf('[', StringComparison.Ordinal) + 1)..query.IndexOf("ms]", StringComparison.Ordinal)];
        var range = long.Parse(milliseconds, CultureInfo.InvariantCulture) / 1000;
        var (still, moving) = (Samples(end - range, end, time => 1000), Samples(end - range, end, time => time));
        var body = context.Response.BodyWriter;
        body.Write("{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["u8);
        var head = Encoding.UTF8.GetBytes($"{{\"metric\":{{\"__name__\":\"{name}\",");
        for (var i = 0; i < _labels.Count; i++)
        {
            if (i > 0) body.Write(","u8);
            body.Write(head);
            body.Write(_labels[i]);
            body.Write(i / FlowsPerPod % 10 == 0 ? moving : still);
            if (i % 500 == 0) await body.FlushAsync(context.RequestAborted);
        }

        body.Write("]}}"u8);
    }

    /// <summary>An answer in which each of the series has the value 1.</summary>
    private static string Vector(IEnumerable<string> series, long end)
    {
        var results = series.Select(labels => $$"""{"metric":{{labels}},"value":[{{end}},"1"]}""");
        return $$$"""{"status":"success","data":{"resultType":"vector","result":[{{{string.Join(',', results)}}}]}}""";
    }

    private static byte[] Samples(long after, long until, Func<long, long> value) => Encoding.UTF8.GetBytes("},\"values\":[" + string.Join(',', Enumerable
        .Range(0, (int)(until - after) + 1).Select(i => after + i).Where(time => time % ScrapeSeconds == 7)
        .Select(time => string.Create(CultureInfo.InvariantCulture, $"[{time}.123,\"{value(time)}\"]"))) + "]}");
}
