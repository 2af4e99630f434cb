using System.Runtime.InteropServices;
using EgressAlerts.Model;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

/// <summary>Reads windows from Prometheus, each once and in order. Called by the pass alone.</summary>
public sealed class Poller
{
    /// <summary>How far the first window and the look at <c>up</c> reach back: further than any sensible scrape interval, as Prometheus' own lookback.</summary>
    private static readonly TimeSpan Lookback = TimeSpan.FromMinutes(5);

    private readonly PrometheusClient _client;
    private readonly Classifier _classifier;
    private readonly PollingOptions _options;
    private readonly PollingMetrics _metrics;
    private readonly ILogger _logger;
    private readonly CounterTracker _tracker = new();
    private readonly JobRegister _jobs = new();
    private readonly Dictionary<(Metric Metric, string Reason), double> _excluded = [];
    private DateTimeOffset _baselineEnd;
    private DateTimeOffset _lastEnd;
    private bool _saidEmpty;

    public Poller(HttpClient http, PollingOptions options, TelemetryOptions telemetry, PollingMetrics metrics, TimeProvider time, ILogger<Poller> logger)
    {
        (_options, _metrics, _logger) = (options, metrics, logger);
        _client = new PrometheusClient(http, options, metrics, time);
        _classifier = new Classifier(telemetry);
    }

    /// <summary>The end of the last window that was read; the default value before the first one.</summary>
    public DateTimeOffset LastEnd => _lastEnd;

    public Accounts Accounts => new(_baselineEnd, [.. _excluded.Select(sum => new ExcludedSum(sum.Key.Metric, sum.Key.Reason, sum.Value))]);

    /// <summary>Why the last attempt at a window failed; empty while all is well.</summary>
    public string Failure { get; private set; } = "";

    /// <summary>Everything that Prometheus stored up to the window's end and that no earlier window saw; null where an answer was missing or
    /// incomplete: nothing has changed then and the window is to be tried again.</summary>
    public async Task<Reading?> TryReadAsync(Window window, CancellationToken cancel)
    {
        _tracker.Begin(window);
        if (await ReadJobsAsync(window, cancel) is { } noJobs) return Failed(window, noJobs, UpQuery(window));
        foreach (var raw in RawMetric.All)
        {
            _tracker.BeginQuery();
            var query = CounterQuery(raw, window);
            if (await _client.QueryAsync(query, window.End, new Sink(this, raw), cancel) is { } failure) return Failed(window, failure, query);
        }

        if (Failure.Length > 0) Log.QueryRecovered(_logger);
        Failure = "";
        return Account(window);
    }

    public void Save(BinaryWriter to)
    {
        to.Write(_baselineEnd);
        to.Write(_lastEnd);
        to.WriteAll(_excluded, entry =>
        {
            to.Write((byte)entry.Key.Metric);
            to.Write(entry.Key.Reason);
            to.Write(entry.Value);
        });
        _jobs.Save(to);
        _tracker.Save(to);
    }

    public void Load(BinaryReader from)
    {
        (_baselineEnd, _lastEnd) = (from.ReadInstant(), from.ReadInstant());
        foreach (var (key, sum) in from.ReadAll(() => (((Metric)from.ReadByte(), from.ReadString()), from.ReadDouble()))) _excluded[key] = sum;
        _jobs.Load(from);
        _tracker.Load(from);
        _metrics.Series(_tracker.Count);
    }

    private async Task<QueryFailure?> ReadJobsAsync(Window window, CancellationToken cancel)
    {
        var jobs = new JobSink();
        if (await _client.QueryAsync(UpQuery(window), window.End, jobs, cancel) is { } failure) return failure;
        foreach (var job in jobs.Jobs) _jobs.Saw(job, window.Start - window.Length);
        return null;
    }

    // Jobs that were scraped with success before the window before this one.
    private static string UpQuery(Window window) =>
        $"group by (job) (max_over_time(up[{Duration(Lookback)}] offset {Duration(window.Length * 2)}) == 1)";

    // Raw samples instead of increase(): that extrapolates, and misses the first event of a new series. The range reaches over the window
    // before, so that a sample which Prometheus appended late still counts; samples are told apart by their own time.
    private string CounterQuery(RawMetric raw, Window window) =>
        $"{raw.Name}{{{string.Join(',', _options.Matchers)}}}[{Duration(IsFirst ? Max(Lookback, window.Length * 2) : window.Length * 2)}]";

    private bool IsFirst => _lastEnd == default;

    private Reading Account(Window window)
    {
        // Until a job has been watched for a while there is nothing to compare with: Prometheus or this service has only just begun.
        var baseline = IsFirst || !_jobs.AnySettled(window);
        var sums = new Dictionary<Classified, double>();
        foreach (var (what, grown, born) in _tracker.Commit())
        {
            _jobs.Saw(what.Job, window.End);
            var aside = baseline ? grown + born : _jobs.IsSettled(what.Job, window) ? 0 : born;
            var counted = grown + born - aside;
            if (what.Flow is null) Exclude(what.Metric, what.Excluded, counted);
            else if (counted > 0) CollectionsMarshal.GetValueRefOrAddDefault(sums, what with { Job = "" }, out _) += counted;
            if (what.Flow is not null) Exclude(what.Metric, "baseline", aside);
        }

        if (baseline) _baselineEnd = window.End;
        if (baseline && _tracker.Count > 0) Log.Baseline(_logger, window.End.ToString("O"), _tracker.Count);
        if (_tracker.Count == 0 && !_saidEmpty) Log.NoSeries(_logger);
        _saidEmpty = _tracker.Count == 0;
        _lastEnd = window.End;
        _metrics.Series(_tracker.Count);
        var increments = sums
            .Select(sum => new Increment(sum.Key.Flow!, sum.Key.Metric, sum.Key.ResponseCode, sum.Key.ResponseFlags, sum.Value))
            .OrderBy(increment => increment.Flow.Source.Namespace, StringComparer.Ordinal)
            .ThenBy(increment => increment.Flow.Source.Name, StringComparer.Ordinal)
            .ThenBy(increment => increment.Flow.To.Key, StringComparer.Ordinal)
            .ThenBy(increment => increment.Metric)
            .ToList();
        return new Reading(window, baseline, increments, Accounts);
    }

    private void Exclude(Metric metric, string reason, double amount)
    {
        if (amount > 0) CollectionsMarshal.GetValueRefOrAddDefault(_excluded, (metric, reason), out _) += amount;
    }

    private Reading? Failed(Window window, QueryFailure failure, string query)
    {
        if (Failure.Length == 0) Log.QueryFailed(_logger, window.ToString(), failure.Reason.Word(), failure.Message, query);
        Failure = $"{failure.Reason.Word()}: {failure.Message}";
        return null;
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static string Duration(TimeSpan length) => $"{(long)length.TotalMilliseconds}ms";

    /// <summary>Hands the series of one of Istio's counters to the tracker, classified.</summary>
    private sealed class Sink(Poller poller, RawMetric raw) : ISeriesSink
    {
        public void Restart() => poller._tracker.RestartQuery();

        public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
        {
            var slot = poller._tracker.Slot(labels, out var isClassified);
            if (!isClassified) poller._tracker.Classify(slot, poller._classifier.Classify(raw, LabelReader.Read(labels)));
            poller._tracker.Observe(slot, samples);
        }
    }

    private sealed class JobSink : ISeriesSink
    {
        public List<string> Jobs { get; } = [];

        public void Restart() => Jobs.Clear();

        public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples) => Jobs.Add(LabelReader.Read(labels).GetValueOrDefault("job", ""));
    }
}
