using System.Globalization;
using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Benchmarks;

/// <summary>What all detectors together cost in a window.</summary>
internal static class DetectionSpeed
{
    private const int Increments = 200_000;
    private const int Workloads = 2_000;
    private const int Metrics = 5;
    private const int Rounds = 20;

    public static void Run()
    {
        var list = Path.GetTempFileName();
        File.WriteAllLines(list, Enumerable.Range(0, 50_000).Select(i => i % 2 == 0 ? $"203.{i / 250 % 250}.{i % 250}.0/24" : $"bad-{i}.example.org"));
        try
        {
            Steady(list);
            Flood(list);
        }
        finally
        {
            File.Delete(list);
        }
    }

    /// <summary>Twenty destinations of each of 2,000 workloads, known ones, each with all five counters.</summary>
    private static void Steady(string list)
    {
        var detectors = New(list);
        var increments = Window(0);
        for (var window = 0; window < 10; window++) detectors.Observe(Reading(window, increments));
        var (best, times) = (double.MaxValue, new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            var time = Timed(() => detectors.Observe(Reading(10 + round, increments)));
            times.Add(time);
            best = Math.Min(best, time);
        }

        times.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Increments} increments of {Increments / Metrics} flows, all known: best {best:0} ms, median {times[Rounds / 2]:0} ms"));
    }

    /// <summary>Each window 40,000 destinations that nobody has ever talked to.</summary>
    private static void Flood(string list)
    {
        var detectors = New(list);
        for (var window = 0; window < 10; window++) detectors.Observe(Reading(window, Window(0)));
        var times = new List<double>();
        for (var round = 0; round < 5; round++)
        {
            var increments = Window(1 + round);
            times.Add(Timed(() => detectors.Observe(Reading(10 + round, increments))));
        }

        times.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Increments} increments of {Increments / Metrics} flows, all new: median {times[2]:0} ms, worst {times[4]:0} ms"));
    }

    private static Detectors New(string list) => new(
        new DetectionOptions
        {
            Learning = TimeSpan.FromMinutes(1),
            UploadSpike = new() { Learning = TimeSpan.FromMinutes(1), Floor = 1L << 20 },
            FanOut = new() { Learning = TimeSpan.FromMinutes(1) },
            Policies =
            [
                .. Enumerable.Range(0, 20).Select(i => new Policy(
                    $"p{i}",
                    PolicyAction.Forbid,
                    "warning",
                    new() { Namespaces = [new($"team-{i}")] },
                    new()
                    {
                        Names = [new($"*.forbidden-{i}.org"), new($"www.forbidden-{i}.com")],
                        Cidrs = [IPNetwork.Parse("192.0.2.0/24")],
                    })),
            ],
            ThreatListed = new() { Lists = [new() { Name = "bad", File = list, MaxAge = TimeSpan.FromDays(3650) }] },
        },
        new DetectionMetrics(new MetricRegistry(), TimeProvider.System),
        Store.InMemory().Read(),
        NullLogger<Detectors>.Instance);

    /// <summary>A flow of its own for each increment, as polling gives them.</summary>
    private static List<NamedIncrement> Window(int generation)
    {
        var increments = new List<NamedIncrement>(Increments);
        for (var i = 0; i < Increments / Metrics; i++)
        {
            var source = new Workload($"team-{i % Workloads % 50}", $"app-{i % Workloads}");
            var number = (generation * (Increments / Metrics)) + i;
            var (name, site) = ($"api-{number}.example.com", $"site-{number % 1000}.com");
            var destination = new Destination(name, NameSource.Ptr, Confirmed: true, Domain: "example.com", Site: site);
            for (var metric = Metric.Requests; metric <= Metric.DownloadBytes; metric++)
            {
                var to = new RawDestination(new IPAddress([52, (byte)(number >> 16), (byte)(number >> 8), (byte)number]), "443", "", "", destination.Name);
                var flow = new Flow(new(source.Namespace, source.Name), to, Route.Passthrough, Protocol.Tcp);
                increments.Add(new(new Increment(new(flow, metric, "", "-"), 1000), destination));
            }
        }

        return increments;
    }

    private static NamedReading Reading(int window, IReadOnlyList<NamedIncrement> increments)
    {
        var end = DateTimeOffset.UnixEpoch.AddDays(20_000).AddSeconds(30 * window);
        return new(new Window(end.AddSeconds(-30), end), increments);
    }

    private static double Timed(Action work)
    {
        var started = TimeProvider.System.GetTimestamp();
        work();
        return TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
    }
}
