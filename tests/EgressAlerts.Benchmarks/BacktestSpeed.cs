using System.Buffers;
using System.Globalization;
using System.Text;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Benchmarks;

/// <summary>What a backtest of the built program costs, at a server that makes up the history of a mesh whose pods live a day.</summary>
/// <remarks>40 series a pod, scraped every 15 s; every tenth pod moves. The server answers from texts that it made once, and runs on the same cores.</remarks>
internal sealed class BacktestSpeed : IAsyncDisposable
{
    private const int ScrapeSeconds = 15;
    private const int FlowsPerPod = 10;
    private const int SeriesPerPod = 40;
    private const long Day = 86_400;

    private readonly LoopbackServer _server;
    private readonly int _pods;
    private readonly Dictionary<(int Place, int Flow), (long Generation, byte[] Labels)> _labels = [];
    private long _sent;

    private BacktestSpeed(LoopbackServer server, int pods)
    {
        (_server, _pods) = (server, pods);
        server.Answer = AnswerAsync;
    }

    /// <param name="live">How many series there are at a time.</param>
    /// <param name="since">As the command line takes it.</param>
    public static async Task RunAsync(int live, string since)
    {
        await using var dns = new DnsResponder(Scenarios.Steady(live).Zone, 0);
        await using var server = new BacktestSpeed(await LoopbackServer.StartAsync(), Math.Max(1, live / SeriesPerPod));
        using var folder = new TemporaryFolder();
        var config = folder.Write("egress-alerts.yml", $$"""
            prometheus: { url: '{{server._server.Address}}' }
            dns: { servers: ['{{dns.Endpoint}}'], queries_per_second: 1000 }
            alerting: { alertmanagers: [] }
            """);
        var started = TimeProvider.System.GetTimestamp();
        string[] command = [EgressAlertsProcess.Program, "backtest", $"--config.file={config}", $"--since={since}", $"--storage.path={folder.Path}", "-o=json"];
        using var process = new ServerProcess("dotnet", command, folder.Path);
        var use = default(ProcessUse);
        await Deadline.UntilAsync(
            () =>
            {
                use = ProcessUse.Of(process.Id) ?? use;
                return Task.FromResult(process.HasExited);
            },
            7_200,
            "it has ended",
            between: 0.5);
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var output = process.Output;
        if (process.ExitCode != 0) Console.WriteLine(output);
        Console.WriteLine($"exit code               {process.ExitCode}");
        Console.WriteLine(output.Split('\n').LastOrDefault(line => line.StartsWith("played until", StringComparison.Ordinal)) ?? output);
        Console.WriteLine($"wall time               {seconds:0} s");
        Console.WriteLine($"CPU time                {use.Cpu:0} s");
        Console.WriteLine($"resident at most        {use.PeakMiB:0} MiB");
        Console.WriteLine($"samples sent a second   {server._sent / seconds:0}");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>The labels of a flow of a pod as JSON members, without the metric's name. A new pod takes the place of the old one every day.</summary>
    private static string Labels(int place, long generation, int flow)
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"10.44.{place / 250}.{(place % 250) + 1}");
        var pod = new Pod("Kubernetes", $"ns-{place % 10}", $"workload-{place % 50}", $"workload-{place}-{generation}", address, Dialect.TelemetryV2);
        var to = ((place * 7) + flow) % 200;
        var target = new Target(Way.Passthrough, "", string.Create(CultureInfo.InvariantCulture, $"52.40.{to / 100}.{(to % 100) + 1}"), 443);
        var sample = PromSample.Parse(LabelSets.Of(pod, "m", target, tcp: true, "tcp", "", "-") + " 0")[0];
        return string.Join(',', sample.Labels.Append(new("job", "envoy-stats")).Select(label => $"\"{label.Key}\":\"{label.Value}\""));
    }

    /// <summary>When the pod at a place of that generation was born.</summary>
    private static long BirthOf(int place, long generation) => (generation * Day) + (place * 7919L % Day);

    private async Task AnswerAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        var (query, end) = (form["query"].ToString(), (long)double.Parse(form["time"].ToString(), CultureInfo.InvariantCulture));
        var range = long.Parse(query.Split('[')[1].Split("ms]")[0], CultureInfo.InvariantCulture) / 1000;
        var body = context.Response.BodyWriter;
        body.Write("{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["u8);
        var isUp = query.StartsWith("up", StringComparison.Ordinal);
        var isFirst = true;
        if (isUp || query.StartsWith("istio_tcp", StringComparison.Ordinal))
        {
            var head = Encoding.UTF8.GetBytes($"{{\"metric\":{{\"__name__\":\"{query[..query.AsSpan().IndexOfAny('{', '[')]}\",");
            var times = Enumerable.Range(0, (int)range).Select(i => end - range + 1 + i).Where(time => time % ScrapeSeconds == 7).ToList();
            var (still, moving) = (Samples(times, _ => isUp ? 1 : 1000), Samples(times, time => time));
            for (var place = 0; place < _pods; place++)
            {
                for (var generation = (end - range - (place * 7919L % Day)) / Day; BirthOf(place, generation) < end; generation++)
                {
                    var (from, to) = (BirthOf(place, generation), BirthOf(place, generation + 1));
                    var (first, count) = (times.FindIndex(time => time >= from), times.Count(time => time >= from && time < to));
                    if (count == 0) continue;
                    var samples = place % 10 == 0 && !isUp ? moving : still;
                    for (var flow = 0; flow < (isUp ? 1 : FlowsPerPod); flow++)
                    {
                        if (!isFirst) body.Write(","u8);
                        isFirst = false;
                        body.Write(head);
                        body.Write(LabelsOf(place, generation, flow));
                        body.Write("},\"values\":["u8);
                        body.Write(samples.Text.AsSpan(samples.Ends[first], samples.Ends[first + count] - samples.Ends[first] - 1));
                        body.Write("]}"u8);
                        _sent += count;
                    }
                }

                if (place % 50 == 0) await body.FlushAsync(context.RequestAborted);
            }
        }

        body.Write("]}}"u8);
    }

    private byte[] LabelsOf(int place, long generation, int flow)
    {
        if (_labels.TryGetValue((place, flow), out var known) && known.Generation == generation) return known.Labels;
        var labels = Encoding.UTF8.GetBytes(Labels(place, generation, flow));
        _labels[(place, flow)] = (generation, labels);
        return labels;
    }

    /// <summary>All samples as one text, and where each begins. Each ends with a comma.</summary>
    private static (byte[] Text, int[] Ends) Samples(List<long> times, Func<long, long> value)
    {
        var (text, ends) = (new StringBuilder(), new List<int> { 0 });
        foreach (var time in times)
        {
            text.Append(CultureInfo.InvariantCulture, $"[{time}.123,\"{value(time)}\"],");
            ends.Add(text.Length);
        }

        return (Encoding.ASCII.GetBytes(text.ToString()), [.. ends]);
    }
}
