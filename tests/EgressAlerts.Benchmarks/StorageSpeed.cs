using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using EgressAlerts.Cardinality;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Benchmarks;

/// <summary>What it costs to keep what a window changed, beside a file that is written whole, and to read it all at the start.</summary>
/// <remarks>A hundred raw series of each workload, five of each of its twenty destinations; a random tenth of the flows moves in each window.</remarks>
internal static class StorageSpeed
{
    private const int Destinations = 20;
    private const int Metrics = 5;
    private const int Windows = 240;
    private const int Warm = 20;

    private static readonly HashSet<string> TargetLabels = ["job", "instance", "pod", "namespace"];

    public static void Run(int series)
    {
        var folder = Directory.CreateTempSubdirectory("egress-alerts-").FullName;
        try
        {
            var (contacts, workloads) = (series / Metrics, series / Metrics / Destinations);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{series} raw series, {contacts} contacts, {workloads} workloads:"));
            KeepWindows(folder, series);
            Start(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void KeepWindows(string folder, int series)
    {
        using var store = Open(folder);
        var state = store.Read();
        var (tracker, detectors, budget) = Stages(state);
        var flows = Enumerable.Range(0, series / Metrics).Select(number => new SimulatedFlow(number)).ToList();
        var random = new Random(1);
        var (bytes, cpu, time) = (new List<double>(), new List<double>(), new List<double>());
        for (var number = 1; number <= Windows; number++)
        {
            var moved = flows.Where(_ => number == 1 || random.Next(10) == 0).ToHashSet();
            var window = new Window(At(number - 1), At(number));
            tracker.Begin(window);
            foreach (var flow in flows) flow.Observe(tracker, number, moved.Contains(flow));
            tracker.Commit();
            var named = new NamedReading(window, [.. moved.SelectMany(flow => flow.Increments)]);
            var findings = detectors.Observe(named);
            budget.Admit(named, findings, showNew: true);
            var (written, busy, started) = (Written(), Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            state.Commit();
            if (number <= Warm) continue;
            time.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            cpu.Add((Environment.CpuUsage.TotalTime - busy).TotalMilliseconds);
            bytes.Add((Written() - written) / 1e6);
        }

        Say("commit of what a window changed", bytes, cpu, time);
        Whole(folder);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  database {new FileInfo(Path.Combine(folder, Store.FileName)).Length / 1e6:0.0} MB"));
    }

    /// <summary>As version 0.1.0 kept its state: all of it, into a new file, with a checksum.</summary>
    private static void Whole(string folder)
    {
        var (bytes, cpu, time) = (new List<double>(), new List<double>(), new List<double>());
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, Store.FileName)};Mode=ReadOnly;Pooling=False");
        connection.Open();
        var rows = Rows(connection);
        for (var round = 0; round < 10; round++)
        {
            var (written, busy, started) = (Written(), Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            using var buffer = new MemoryStream();
            using (var to = new BinaryWriter(buffer, Encoding.UTF8, leaveOpen: true))
            {
                foreach (var value in rows.SelectMany(row => row))
                {
                    if (value is long number) to.Write(number);
                    else if (value is double real) to.Write(real);
                    else if (value is byte[] blob) to.Write(blob);
                    else to.Write((string)value);
                }
            }

            using (var file = new FileStream(Path.Combine(folder, "whole"), FileMode.Create))
            {
                file.Write(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
                file.Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
                file.Flush(flushToDisk: true);
            }

            time.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            cpu.Add((Environment.CpuUsage.TotalTime - busy).TotalMilliseconds);
            bytes.Add((Written() - written) / 1e6);
        }

        Say("the same state as one file", bytes, cpu, time);
    }

    private static List<object[]> Rows(SqliteConnection connection)
    {
        var rows = new List<object[]>();
        using var tables = connection.CreateCommand();
        tables.CommandText = "SELECT name FROM sqlite_schema WHERE type = 'table'";
        using var names = tables.ExecuteReader();
        while (names.Read())
        {
            using var all = connection.CreateCommand();
#pragma warning disable CA2100 // The name is one of our tables.
            all.CommandText = $"SELECT * FROM {names.GetString(0)}";
#pragma warning restore CA2100
            using var reader = all.ExecuteReader();
            while (reader.Read())
            {
                var row = new object[reader.FieldCount];
                reader.GetValues(row);
                rows.Add(row);
            }
        }

        return rows;
    }

    private static void Start(string folder)
    {
        var times = new List<double>();
        for (var round = 0; round < 3; round++)
        {
            var started = Stopwatch.GetTimestamp();
            using var store = Open(folder);
            Stages(store.Read());
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  start: opened, checked and read in {times.Max():0} ms at first, {times.Min():0} ms at best"));
    }

    private static void Say(string what, List<double> bytes, List<double> cpu, List<double> time) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"  {what}: {bytes.Average():0.00} MB written (at most {bytes.Max():0.0}), {cpu.Average():0.0} ms of CPU (at most {cpu.Max():0}), "
        + $"{time.Average():0.0} ms in all (at most {time.Max():0})"));

    private static Store Open(string folder) => new(folder, new StorageMetrics(new MetricRegistry()), TimeProvider.System, NullLogger<Store>.Instance);

    private static (CounterTracker Tracker, Detectors Detectors, SeriesBudget Budget) Stages(StoredState state) => (
        new(new JobRegister(state), TimeSpan.FromSeconds(30), state),
        new(
            new DetectionOptions
            {
                Learning = TimeSpan.FromMinutes(5),
                UploadSpike = new() { Learning = TimeSpan.FromMinutes(5), Floor = 1L << 20 },
                FanOut = new() { Learning = TimeSpan.FromMinutes(5) },
            },
            new DetectionMetrics(new MetricRegistry(), TimeProvider.System), state, NullLogger<Detectors>.Instance),
        new(new CardinalityOptions(), state));

    private static DateTimeOffset At(int window) => DateTimeOffset.UnixEpoch.AddDays(20_000).AddSeconds(30 * window);

    /// <summary>Bytes that this process has written, as Linux counts them.</summary>
    private static long Written()
    {
        var line = File.ReadLines("/proc/self/io").First(line => line.StartsWith("wchar:", StringComparison.Ordinal));
        return long.Parse(line["wchar:".Length..], CultureInfo.InvariantCulture);
    }

    /// <summary>One workload's traffic to one destination: five raw counters of one pod.</summary>
    private sealed class SimulatedFlow
    {
        private readonly byte[][] _labels;
        private readonly double[] _values = new double[Metrics];

        public SimulatedFlow(int number)
        {
            var workload = new Workload($"team-{number / Destinations % 50}", $"app-{number / Destinations}");
            var (name, site) = ($"api-{number}.example.com", $"site-{number % 1000}.com");
            var destination = new Destination(name, NameSource.Ptr, Confirmed: true, Domain: "example.com", Site: site);
            var to = new RawDestination(new IPAddress([52, (byte)(number >> 16), (byte)(number >> 8), (byte)number]), "443", "", "", destination.Name);
            var instance = $"10.{number / Destinations >> 8}.{number / Destinations & 255}.1:15020";
            var labels = $"\"instance\":\"{instance}\",\"job\":\"envoy-stats\",\"namespace\":\"{workload.Namespace}\",\"pod\":\"{workload.Name}-0\","
                + $"\"destination_service\":\"{destination.Name}\"";
            _labels = [.. Enumerable.Range(0, Metrics).Select(metric => Encoding.UTF8.GetBytes($"{{\"__name__\":\"istio_metric_{metric}\",{labels}}}"))];
            var flow = new Flow(workload, to, Route.Passthrough, Protocol.Tcp);
            Increments =
            [
                .. Enum.GetValues<Metric>().Take(Metrics).Select(metric => new NamedIncrement(new Increment(new(flow, metric, "", "-"), 1000), destination)),
            ];
        }

        public IReadOnlyList<NamedIncrement> Increments { get; }

        public void Observe(CounterTracker tracker, int window, bool isMoved)
        {
            for (var metric = 0; metric < Metrics; metric++)
            {
                var row = tracker.Known.Find(_labels[metric]);
                if (row == KeyedTable<RawSeries>.None) row = tracker.Known.Add(_labels[metric], LabelReader.Read(_labels[metric]), TargetLabels);
                if (!tracker.Known.IsClassified(row)) tracker.Known.Classify(row, SeriesMeaning.LeftOut(RawMetric.All[0], "storage", "envoy-stats"));
                if (isMoved) _values[metric] += 1000;
                tracker.Observe(row, [new Sample(At(window).ToUnixTimeMilliseconds() - 10_000, _values[metric])]);
            }
        }
    }
}
