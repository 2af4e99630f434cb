using System.Diagnostics;
using System.Globalization;
using System.Text;
using EgressAlerts.Testing;

namespace EgressAlerts.Benchmarks;

/// <summary>What <c>propose</c> and <c>replay</c> of the built program cost it, and a real Prometheus beside it.</summary>
/// <remarks>The history has samples at the marks that are read and nowhere else, so that it can be made in minutes. Between two marks Prometheus skips what it
/// has, so more samples cost it disk, but at each mark no more than one chunk of 120 samples a series.</remarks>
internal static class DoorSpeed
{
    private const int FlowsPerWorkload = 20;
    private const int Namespaces = 50;
    private const int Days = 14;

    private static readonly TimeSpan Mark = TimeSpan.FromHours(6);

    /// <param name="flows">How many flows there are, of a twentieth as many workloads, with four counters each.</param>
    public static async Task RunAsync(int flows)
    {
        using var folder = new TemporaryFolder();
        var samples = folder.File("egress.om");
        var now = TimeProvider.System.GetUtcNow();
        Write(samples, flows, now);
        await using var prometheus = await PrometheusServer.OnSamplesAsync(samples, TimeSpan.FromMinutes(30));
        File.Delete(samples);
        var config = folder.Write("egress-alerts.yml", $"prometheus: {{ url: '{prometheus.Address}' }}\nalerting: {{ alertmanagers: [] }}\n");
        var bundle = folder.File("bundle.yaml");
        var before = ProcessUse.Of(prometheus.Id)!.Value;
        Console.WriteLine($"{flows} flows of {flows / FlowsPerWorkload} workloads in {Days} days; Prometheus at most {before.PeakMiB:0} MiB");
        await MeasureAsync(folder, prometheus, "propose", $"--config.file={config}", $"-o={folder.File("door")}");
        File.WriteAllText(bundle, string.Concat(Directory.GetFiles(folder.File("door"), "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllText)));
        await MeasureAsync(folder, prometheus, "replay", $"--config.file={config}", $"-f={bundle}");
    }

    private static async Task MeasureAsync(TemporaryFolder folder, PrometheusServer prometheus, string command, params string[] arguments)
    {
        ProcessUse.ForgetPeak(prometheus.Id);
        var watch = Stopwatch.StartNew();
        using var process = new ServerProcess("dotnet", [EgressAlertsProcess.Program, command, .. arguments], folder.Path);
        var ours = default(ProcessUse);
        await Deadline.UntilAsync(
            () =>
            {
                if (!process.HasExited) ours = ProcessUse.Of(process.Id) ?? ours;
                return process.HasExited;
            },
            1_200,
            "it has ended");
        var seconds = watch.Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        var theirs = ProcessUse.Of(prometheus.Id)!.Value;
        Console.WriteLine(
            $"{command,-8} exit code {process.ExitCode}, {seconds} s, resident at most {ours.PeakMiB:0} MiB; Prometheus at most {theirs.PeakMiB:0} MiB");
        if (process.ExitCode != 0) Console.WriteLine(process.Output[..Math.Min(process.Output.Length, 2_000)]);
    }

    private static void Write(string file, int flows, DateTimeOffset now)
    {
        using var text = new StreamWriter(file, append: false, new UTF8Encoding(false), 1 << 20) { NewLine = "\n" };
        var first = now.AddDays(-Days).AddTicks(-(now.UtcTicks % Mark.Ticks));
        List<DateTimeOffset> times = [.. Enumerable.Range(0, (Days * 4) + 1).Select(mark => first + (Mark * mark)), now, now.AddMinutes(4)];
        foreach (var (mark, at) in times.Index())
        {
            var seconds = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            text.WriteLine($"egress_alerts_last_window_end_timestamp_seconds {seconds} {seconds}");
            for (var i = 0; i < flows; i++)
            {
                var (workload, count) = (i / FlowsPerWorkload, ((long)mark * ((i % 7) + 1)).ToString(CultureInfo.InvariantCulture));
                var host = FormattableString.Invariant($"api-{i % 400}.customer-{i % 90}.example.com");
                var flow = FormattableString.Invariant($"source_workload_namespace=\"ns-{workload % Namespaces}\",source_workload=\"workload-{workload}\",")
                    + $"destination=\"{host}\",destination_port=\"443\",route=\"passthrough\",protocol=\"tcp\"";
                text.WriteLine($"egress_connections_opened_total{{{flow}}} {count} {seconds}");
                text.WriteLine($"egress_connections_closed_total{{{flow},response_flags=\"-\"}} {count} {seconds}");
                text.WriteLine($"egress_upload_bytes_total{{{flow}}} {count}000 {seconds}");
                text.WriteLine($"egress_download_bytes_total{{{flow}}} {count}0000 {seconds}");
                if (i < 36_000)
                {
                    text.WriteLine(
                        $"egress_destination_info{{destination=\"{host}\",name_source=\"sni\",confirmed=\"true\",owner=\"\",network=\"\",region=\"\","
                        + $"domain=\"example.com\",flow=\"{i}\"}} 1 {seconds}");
                }
            }
        }

        text.WriteLine("# EOF");
    }
}
