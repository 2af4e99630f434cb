using System.Text;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Polling;

/// <summary>Windows that are played from pieces of history show what the same windows would have shown to the service.</summary>
public sealed class HistoryPieceTests : IAsyncLifetime
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = Start.AddHours(4);

    private readonly HttpClient _http = HttpClients.Create(new HttpSettings(), NullLogger.Instance);
    private SampleStore _store = null!;

    /// <summary>A piece of history has all series.</summary>
    private PollingOptions Options => new()
    {
        Url = _store.Address,
        Interval = Interval,
        Matchers = ["job!=\"other\""],
        Timeout = TimeSpan.FromSeconds(5),
        Read = ReadMode.All,
    };

    public async Task InitializeAsync() => _store = await SampleStore.StartAsync();

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _http.Dispose();
    }

    [Theory]
    [InlineData(1, true, 50)]
    [InlineData(2, false, 300)]
    [InlineData(3, true, 1_000_000)]
    public async Task Every_window_of_every_piece_is_what_the_server_answers_for_it(int seed, bool isLeftOpen, long samplesAtOnce)
    {
        _store.IsLeftOpen = isLeftOpen;
        Fill(new Random(seed));
        var history = new ServerHistory(_http, Options, new PollingMetrics(new MetricRegistry()), TimeProvider.System, NullLogger.Instance, samplesAtOnce);
        var differences = await DifferencesAsync(history, isLeftOpen);
        Assert.Equal([], differences);
        Assert.True(history.Piece.Number > (samplesAtOnce < 1000 ? 40 : 3), $"only {history.Piece.Number} pieces");
    }

    [Fact]
    public async Task A_file_of_the_same_samples_gives_the_same_windows()
    {
        _store.IsLeftOpen = true;
        using var folder = new TemporaryFolder();
        var file = folder.Write("mesh.om", string.Concat(Fill(new Random(4)).Append("# EOF\n")));
        Assert.Equal([], await DifferencesAsync(OpenMetricsFile.Read(file, Options), isLeftOpen: true));
    }

    [Fact]
    public async Task A_server_that_refuses_long_ranges_is_read_in_shorter_pieces()
    {
        _store.IsLeftOpen = true;
        Fill(new Random(5));
        var refused = 0;
        bool IsTooLong(string form)
        {
            var range = long.Parse(form.Split('[')[1].Split("ms]")[0], System.Globalization.CultureInfo.InvariantCulture);
            if (range <= 12 * 60_000) return false;
            refused++;
            return true;
        }

        using var limited = HttpClients.Over(new Refusing(IsTooLong));
        var history = new ServerHistory(limited, Options, new PollingMetrics(new MetricRegistry()), TimeProvider.System, NullLogger.Instance);
        Assert.Equal([], await DifferencesAsync(history, isLeftOpen: true));
        Assert.True(refused > 0);
    }

    [Fact]
    public async Task A_server_that_never_answered_ends_the_backtest_at_once_and_says_what_to_look_at()
    {
        _store.Instead = SampleStore.Status(401, "who are you");
        var history = new ServerHistory(_http, Options, new PollingMetrics(new MetricRegistry()), TimeProvider.System, NullLogger.Instance);
        var e = await Assert.ThrowsAsync<HistoryException>(() => history.AdvanceAsync(Start, End, default));
        Assert.Contains("cannot be read from " + _store.Address, e.Message, StringComparison.Ordinal);
        Assert.Contains("401", e.Message, StringComparison.Ordinal);
        Assert.Single(_store.Asked);
    }

    [Fact]
    public async Task A_server_that_is_away_for_a_moment_is_asked_again()
    {
        Fill(new Random(6));
        var time = new HandTime(timers: true);
        var history = new ServerHistory(_http, Options, new PollingMetrics(new MetricRegistry()), time, NullLogger.Instance);
        await history.AdvanceAsync(Start, End, default);
        var (before, until) = (history.Piece.SamplesRead, history.Piece.End);

        _store.Instead = SampleStore.Status(401, "not now");
        var asked = _store.Asked.Count;
        var reading = history.AdvanceAsync(until, End, default);
        await Deadline.UntilAsync(() => _store.Asked.Count > asked, 10, "it asks");
        _store.Instead = null;
        await Deadline.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(reading.IsCompleted);
            },
            10,
            "it has asked again");
        await reading;
        Assert.True(history.Piece.SamplesRead > before);
        Assert.True(history.Piece.End > until);
    }

    private static async Task<IReadOnlyList<string>> Take(Func<Recorder, Task<QueryFailure?>> ask, bool isLeftOpen, DateTimeOffset after)
    {
        var sink = new Recorder(isLeftOpen ? long.MinValue : after.ToUnixTimeMilliseconds());
        Assert.Null(await ask(sink));
        return [.. sink.Series.Order(StringComparer.Ordinal)];
    }

    /// <summary>Plays all windows from both, and says where what they hand on differs.</summary>
    private async Task<IReadOnlyList<string>> DifferencesAsync(ISampleHistory history, bool isLeftOpen)
    {
        var metrics = new PollingMetrics(new MetricRegistry());
        var client = new PrometheusClient(_http, Options, metrics, TimeProvider.System, NullLogger.Instance);
        var server = new LiveSamples(client, new SplitReader(client, Options, new TelemetryOptions()));
        var (live, played, differences, seen) = (server, new PieceSource(history.Piece), new List<string>(), 0);
        Recorder? known = null;
        for (var at = Start; at < End; at = history.Piece.End)
        {
            await history.AdvanceAsync(at, End, default);
            for (var end = at + Interval; end <= history.Piece.End; end += Interval)
            {
                var window = new Window(end - Interval, end);
                foreach (var raw in RawMetric.All)
                {
                    var back = Options.Late + Interval;
                    var expected = await Take(sink => live.SeriesAsync(raw, window, back, sink, default), isLeftOpen, end - back);
                    var actual = await Take(sink => played.SeriesAsync(raw, window, back, sink, default), isLeftOpen, end - back);
                    seen += expected.Count;
                    if (expected.SequenceEqual(actual)) continue;
                    differences.Add($"{end:HH:mm} {raw.Name}\n{string.Join('\n', expected)}\ninstead\n{string.Join('\n', actual)}");
                }

                // Prometheus 2 includes what lies on the left edge of a range.
                if (!isLeftOpen) continue;
                var jobs = (await Take(sink => live.JobsAsync(window, sink, default), isLeftOpen, default)).Select(job => job.Split(' ')[0]);
                var playedJobs = (await Take(sink => played.JobsAsync(window, sink, default), isLeftOpen, default)).Select(job => job.Split(' ')[0]);
                if (!jobs.SequenceEqual(playedJobs)) differences.Add($"{end:HH:mm} jobs {string.Join(", ", jobs)} instead {string.Join(", ", playedJobs)}");

                var targets = (await Take(sink => live.TargetsAsync(window, LiveSamples.Lookback, sink, default), isLeftOpen, default))
                    .Select(up => up.Split(' ')[0]);
                known ??= new Recorder(long.MinValue); // Whoever asks keeps what it was told last.
                Assert.Null(await played.TargetsAsync(window, LiveSamples.Lookback, known, default));
                var playedTargets = known.Series.Order(StringComparer.Ordinal).Select(up => up.Split(' ')[0]);
                if (!targets.SequenceEqual(playedTargets)) differences.Add($"{end:HH:mm} targets");
            }
        }

        Assert.True(seen > 1000, "there is something to compare");
        return differences;
    }

    /// <summary>Twenty pods that come and go, are restarted, and are not scraped for a while; the same as lines of OpenMetrics text.</summary>
    private List<string> Fill(Random random)
    {
        var lines = new List<string>();
        for (var pod = 0; pod < 20; pod++)
        {
            var target = $"job=\"{(pod < 17 ? pod % 3 == 0 ? "ambient" : "envoy" : "other")}\",instance=\"10.0.0.{pod}:15090\",pod=\"p-{pod}\"";
            var (born, died) = (random.Next(0, 150), random.Next(100, 260));
            var (gap, phase) = (random.Next(born, 260), random.Next(0, 15_000));
            double value = random.Next(0, 5);
            var samples = new List<(DateTimeOffset, double)>();
            var ups = new List<(DateTimeOffset, double)>();
            for (var at = Start.AddMinutes(born - 20).AddMilliseconds(pod == 0 ? 0 : phase); at < Start.AddMinutes(died); at += TimeSpan.FromSeconds(15))
            {
                if (at >= Start.AddMinutes(gap) && at < Start.AddMinutes(gap + 25)) continue;
                var isUp = random.Next(20) > 0;
                ups.Add((at, isUp ? 1 : 0));
                value = random.Next(60) == 0 ? 0 : value + random.Next(3);
                if (isUp) samples.Add((at, value));
            }

            foreach (var name in (string[])["istio_requests_total", "istio_tcp_sent_bytes_total"])
            {
                var labels = $"{name}{{reporter=\"source\",path=\"a \\\"quoted\\\" \\\\ one\",{target}}}";
                _store.Add(labels, samples);
                lines.AddRange(samples.Select(sample => Line(labels, sample)));
            }

            _store.Add($"up{{{target}}}", ups);
            lines.AddRange(ups.Select(sample => Line($"up{{{target}}}", sample)));
        }

        return lines;

        static string Line(string labels, (DateTimeOffset At, double Value) sample) =>
            FormattableString.Invariant($"{labels} {sample.Value} {sample.At.ToUnixTimeMilliseconds() / 1000m}\n");
    }

    /// <summary>Answers 422 as Prometheus does where a query would load too many samples.</summary>
    private sealed class Refusing(Func<string, bool> isTooLong) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var form = Uri.UnescapeDataString(await request.Content!.ReadAsStringAsync(cancellationToken));
            if (!isTooLong(form)) return await base.SendAsync(request, cancellationToken);
            const string Error =
                """{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"}""";
            return new HttpResponseMessage((System.Net.HttpStatusCode)StatusCodes.Status422UnprocessableEntity) { Content = new StringContent(Error) };
        }
    }

    /// <summary>Keeps what it is handed: the labels in order of their names, then the samples.</summary>
    private sealed class Recorder(long after) : IKeyedSink
    {
        public List<string> Series { get; } = [];

        public void Restart() => Series.Clear();

        public void Keep()
        {
            // Every query here is answered at once.
        }

        public ulong KeyOf(ReadOnlySpan<byte> labels) => 7;

        void ISeriesSink.Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
        {
            var text = new StringBuilder(string.Join(',', LabelReader.Read(labels).OrderBy(label => label.Key, StringComparer.Ordinal)).Replace(' ', '_'));
            foreach (var sample in samples)
            {
                if (sample.Milliseconds > after) text.Append(System.Globalization.CultureInfo.InvariantCulture, $" {sample.Milliseconds}={sample.Value}");
            }

            if (samples.IsEmpty || text.ToString().Contains(' ', StringComparison.Ordinal)) Series.Add(text.ToString());
        }

        void IKeyedSink.Series(ulong key, ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
        {
            Assert.Equal(7UL, key);
            ((ISeriesSink)this).Series(labels, samples);
        }
    }
}
