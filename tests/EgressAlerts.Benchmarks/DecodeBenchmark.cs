using System.Buffers;
using System.Globalization;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;

namespace EgressAlerts.Benchmarks;

/// <summary>What it costs to turn a query answer into observations, against a bare pass of the JSON reader over the same bytes.</summary>
[MemoryDiagnoser]
[InProcess] // The toolchain that generates projects does not get along with central package versions.
public class DecodeBenchmark
{
    private static readonly Window Window = new(DateTimeOffset.FromUnixTimeSeconds(1_767_268_830), DateTimeOffset.FromUnixTimeSeconds(1_767_268_860));

    private static readonly StoredState State = Store.InMemory().Read();
    private readonly CounterTracker _tracker = new(new JobRegister(State), TimeSpan.FromMinutes(2), State);
    private byte[] _answer = [];

    [Params(200_000)]
    public int Series { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var pods = Enumerable.Range(0, Series / 100)
            .Select(i => new Pod("Kubernetes", $"ns-{i % 10}", $"workload-{i % 50}", $"workload-{i}", $"10.44.{i / 250}.{i % 250}", Dialect.TelemetryV2))
            .ToList();
        var names = pods.SelectMany(pod => Enumerable.Range(0, 100).Select(i => LabelSets.Of(
            pod, "istio_tcp_sent_bytes_total", new Target(Way.Passthrough, "", $"52.40.{i / 50}.{i % 50}", 443), tcp: true, "tcp", "", "-")));
        var series = names.ToList();
        _answer = Answer(series, before: true);
        Decode().AsTask().Wait();
        _tracker.Commit();
        _answer = Answer(series, before: false);
        Console.WriteLine($"// {_answer.Length / Series} bytes a series, {_answer.Length >> 20} MiB");
    }

    [Benchmark(Baseline = true)]
    public int BareReader()
    {
        var reader = new Utf8JsonReader(_answer);
        var tokens = 0;
        while (reader.Read()) tokens++;
        return tokens;
    }

    /// <summary>From the bytes to the increments that wait for the window to be whole.</summary>
    /// <remarks>All series are known already, and two of their four samples are new.</remarks>
    [Benchmark]
    public async ValueTask<int> Decode()
    {
        using var stream = new MemoryStream(_answer);
        _tracker.Begin(Window); // Forgets the round before, so that the samples are new again.
        await new AnswerDecoder(new Sink(_tracker)).DecodeAsync(stream, long.MaxValue, CancellationToken.None);
        return _tracker.Known.Counters.Count;
    }

    private static byte[] Answer(List<string> series, bool before)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("status", "success");
            json.WriteStartObject("data");
            json.WriteString("resultType", "matrix");
            json.WriteStartArray("result");
            foreach (var (number, name) in series.Index()) Write(json, name, number, Window.End.ToUnixTimeSeconds() - (before ? 90 : 60));
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string series, int value, long from)
    {
        json.WriteStartObject();
        json.WriteStartObject("metric");
        json.WriteString("__name__", series[..series.IndexOf('{', StringComparison.Ordinal)]);
        foreach (var sample in Testing.PromSample.Parse(series + " 0"))
        {
            foreach (var (name, text) in sample.Labels) json.WriteString(name, text);
        }

        json.WriteEndObject();
        json.WriteStartArray("values");
        for (var i = 0; i < 4; i++)
        {
            json.WriteStartArray();
            json.WriteNumberValue(from + 7.123m + (15 * i));
            json.WriteStringValue((value + 1).ToString(CultureInfo.InvariantCulture));
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private sealed class Sink(CounterTracker tracker) : ISeriesSink
    {
        private static readonly HashSet<string> TargetLabels = ["job", "instance", "namespace", "pod"];
        private static readonly Classifier Classifier = new(new TelemetryOptions(), new HostRegister(DynamicDns.Auto, Store.InMemory().Read()));

        public void Restart() => tracker.RestartQuery();

        public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
        {
            var row = tracker.Known.Find(labels);
            if (row == KeyedTable<RawSeries>.None)
            {
                var read = LabelReader.Read(labels);
                row = tracker.Known.Add(labels, read, TargetLabels);
                tracker.Known.Classify(row, Classifier.Classify(RawMetric.All[^1], read));
            }

            tracker.Observe(row, samples);
        }
    }
}
