using System.Runtime.InteropServices;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

/// <summary>Reads windows from Prometheus, each once and in order. Called by the pass alone; <see cref="Failure"/> and <see cref="Telemetry"/> by anyone.</summary>
public sealed class Poller
{
    private static readonly TimeSpan MangledEvery = TimeSpan.FromMinutes(10);

    private const int MaxMangled = 100;

    /// <summary>Samples that came too late are looked for every so many times <c>prometheus.late</c>, and twice as far back.</summary>
    private const int LateEvery = 5;

    private const int LateBack = 10;

    private const int HistoryInstants = 28;
    private static readonly TimeSpan HistoryTime = TimeSpan.FromMinutes(1);

    private readonly ISampleSource _source;

    /// <summary>Null where windows are read from a piece of history: then nothing but the windows themselves is asked for.</summary>
    private readonly PrometheusClient? _client;
    private readonly Classifier _classifier;
    private readonly PollingOptions _options;
    private readonly PollingMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly HostRegister _hosts;
    private readonly TelemetrySurvey _survey;
    private readonly JobRegister _jobs;
    private readonly TargetLabels _targets = new();
    private readonly Cell<PollerState> _kept;
    private readonly BaselineRules _baselines;
    private readonly CounterTracker _tracker;
    private readonly Dictionary<(Metric Metric, string Reason), double> _excluded = [];
    private DateTimeOffset _nextMangled;
    private bool _saidEmpty;
    private bool _hasBaseline;

    public Poller(HttpClient http, PollingOptions options, TelemetryOptions telemetry, PollingMetrics metrics, StoredState state, TimeProvider time, ILogger<Poller> logger)
        : this(new PrometheusClient(http, options, metrics, time, logger), null, options, telemetry, metrics, state, time, logger)
    {
    }

    /// <summary>Reads windows from a piece of history. The caller sees to it that each window lies in the piece.</summary>
    public Poller(
        Piece piece, PollingOptions options, TelemetryOptions telemetry, PollingMetrics metrics, StoredState state, TimeProvider time, ILogger<Poller> logger)
        : this(null, new PieceSource(piece), options, telemetry, metrics, state, time, logger)
    {
    }

    private Poller(
        PrometheusClient? client, ISampleSource? source, PollingOptions options, TelemetryOptions telemetry, PollingMetrics metrics, StoredState state,
        TimeProvider time, ILogger<Poller> logger)
    {
        (_options, _metrics, _logger, _time) = (options, metrics, logger, time);
        (_client, _source) = (client, source ?? new LiveSamples(client!, options));
        _hosts = new HostRegister(telemetry.DynamicDns, state);
        _classifier = new Classifier(telemetry, _hosts);
        _survey = new TelemetrySurvey(telemetry, options.Late, metrics, logger);
        _jobs = new JobRegister(state);
        _baselines = new BaselineRules(_jobs, options, state);
        _tracker = new CounterTracker(_jobs, options.Late, state);
        if (!_tracker.IsWhole) _baselines.Distrust();
        _kept = state.Cell("poller", PollingJson.Default.PollerState, new PollerState(default, default, default, []));
        foreach (var sum in Last.Excluded) _excluded[(sum.Metric, sum.Reason)] = sum.Amount;
        _metrics.Inversions(_tracker.Inversions);
        _metrics.Series(_tracker.Known.Series.Count);
    }

    /// <summary>The end of the last window that was read; the default value before the first one.</summary>
    public DateTimeOffset LastEnd => Last.LastEnd;

    /// <summary>The instant from which increments are counted; the default value before the first window.</summary>
    public DateTimeOffset BaselineEnd => Last.BaselineEnd;

    /// <summary>What was seen and left out in all windows so far.</summary>
    public IReadOnlyList<ExcludedSum> Excluded => [.. _excluded.Select(sum => new ExcludedSum(sum.Key.Metric, sum.Key.Reason, sum.Value))];

    /// <summary>Why the last attempt at a window failed; empty while all is well.</summary>
    public string Failure { get; private set; } = "";

    /// <summary>What Prometheus' answers of the last complete window said beside their data.</summary>
    public IReadOnlyList<string> Notes => _client?.Notes.Shown ?? [];

    public TelemetryReport Telemetry => _survey.Report;

    /// <summary>As of the last window.</summary>
    private PollerState Last => _kept.Value;

    /// <summary>Everything that Prometheus stored up to the window's end and that no earlier window saw; null where an answer was missing or
    /// incomplete: nothing has changed then and the window is to be tried again.</summary>
    public async Task<Reading?> TryReadAsync(Window window, CancellationToken cancel)
    {
        if (_baselines.IsNewSource) _tracker.ForgetNames();
        _client?.Notes.BeginWindow();
        _tracker.Begin(window, isBaseline: _baselines.IsFirst);
        var jobs = new LabelSink("job");
        if (await _source.JobsAsync(window, jobs, cancel) is { } noJobs) return Failed(window, noJobs);
        if (await _source.TargetsAsync(window, Max(LiveSamples.Lookback, Range(window)), _targets, cancel) is { } noTargets) return Failed(window, noTargets);
        var hasSeries = false;
        foreach (var raw in RawMetric.All)
        {
            _tracker.BeginQuery();
            var sink = new SeriesSink(this, raw);
            if (await _source.SeriesAsync(raw, window, Range(window), sink, cancel) is { } failure) return Failed(window, failure);
            hasSeries |= sink.HasSeries;
        }

        if (hasSeries || _targets.Any) _kept.Value = Last with { SeenAt = window.End };
        else if (await IsGoneAsync(window, cancel) is not { } isGone) return null;
        else if (isGone) return Gone(window);

        if (Failure.Length > 0) Log.QueryRecovered(_logger);
        Failure = "";
        foreach (var job in jobs.Values) _jobs.Saw(job, window.Start - window.Length);
        var reading = Account(window);
        if (_client is { } client)
        {
            await LookForLateSamplesAsync(client, window, cancel);
            await LookForMangledNamesAsync(client, window, cancel);
            client.Notes.EndWindow();
            _survey.UnknownNotes(client.Notes.Unknown);
        }

        // Windows of the past go by so fast that a look in each would take a fifth of the time.
        if (_client is not null || window.Start.Ticks / TimeSpan.TicksPerHour != window.End.Ticks / TimeSpan.TicksPerHour)
            _survey.Update(_tracker, _targets, window);
        if (_hosts.TakeChange()) _tracker.Known.Declassify(); // From the next window on.
        _kept.Value = Last with { Excluded = Excluded };
        return reading;
    }

    /// <summary>Whom workloads talked to before the first window: asked at some instants, newest first, because a counter stays as long as its pod lives.
    /// What cannot be read, or not within a minute, is not known: that is no reason not to begin. Null where nothing could be read.</summary>
    /// <param name="back">How far; further than Prometheus keeps data does no harm.</param>
    public async Task<IReadOnlyList<PastFlow>?> ReadHistoryAsync(Window first, TimeSpan back, CancellationToken cancel)
    {
        if (_client is not { } client) return null;
        var sink = new HistorySink(_classifier);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(HistoryTime);
        try
        {
            for (var i = 0; i < HistoryInstants; i++)
            {
                sink.At = first.Start - (back * ((double)i / HistoryInstants));
                foreach (var raw in RawMetric.All.Where(raw => raw.Metric is Metric.Requests or Metric.ConnectionsOpened))
                {
                    sink.Raw = raw;
                    if (await client.QueryAsync(LiveSamples.Selector(raw, _options), sink.At, sink, limit.Token) is not { } failure) continue;
                    if (i == 0) return null; // The window fails likewise, and says so.
                    Log.HistoryFailed(_logger, sink.At, failure.Reason.Word(), failure.Message);
                    return sink.Flows;
                }
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Log.HistoryFailed(_logger, sink.At, FailureReason.Timeout.Word(), $"it took longer than {HistoryTime.TotalSeconds:0} s");
        }

        var flows = sink.Flows;
        if (flows.Count > 0) Log.History(_logger, flows.Count, sink.Count, flows.Min(flow => flow.First));
        return flows;
    }

    /// <summary>How far back samples are read: to the anchor of the last window. What has not been read before is looked for further back.</summary>
    private TimeSpan Range(Window window)
    {
        var known = TimeSpan.FromMilliseconds(_tracker.From == long.MinValue ? 0 : window.End.ToUnixTimeMilliseconds() - _tracker.From);
        return _baselines.IsFirst || _baselines.IsNewSource ? Max(known, Max(LiveSamples.Lookback, window.Length + _options.Late)) : known;
    }

    private Reading Account(Window window)
    {
        var baseline = _baselines.IsBaseline(window);
        var sums = new Dictionary<CounterId, double>();
        foreach (var (what, grown, born) in _tracker.Commit())
        {
            _jobs.Saw(what.Job, window.End);
            var aside = baseline ? grown + born : _baselines.IsBirthBaseline(what.Job, window) ? born : 0;
            var counted = grown + born - aside;
            if (what.Counter is { } counter)
            {
                Exclude(what.Raw.Metric, "baseline", aside);
                if (counted > 0) CollectionsMarshal.GetValueRefOrAddDefault(sums, counter, out _) += counted;
            }
            else
            {
                Exclude(what.Raw.Metric, what.Excluded, counted);
            }
        }

        _kept.Value = Last with { BaselineEnd = baseline ? window.End : Last.BaselineEnd, LastEnd = window.End };
        if (baseline && _tracker.Known.Counters.Count > 0 && !_hasBaseline) Log.Baseline(_logger, window.End, _tracker.Known.Counters.Count);
        else if (baseline && _tracker.Known.Counters.Count > 0) Log.BaselineMoved(_logger, window.End, _tracker.Known.Counters.Count);
        _hasBaseline |= baseline && _tracker.Known.Counters.Count > 0;
        if (_tracker.Known.Counters.Count == 0 && !_saidEmpty) Log.NoSeries(_logger);
        _saidEmpty = _tracker.Known.Counters.Count == 0;
        _baselines.WasRead();
        _metrics.Series(_tracker.Known.Series.Count);
        _metrics.Inversions(_tracker.Inversions);
        return new Reading(window, Ordered(sums));
    }

    /// <summary>The same order for the same sums, so that two replicas give the same destinations a place.</summary>
    private static List<Increment> Ordered(Dictionary<CounterId, double> sums) =>
    [
        .. sums.Select(sum => new Increment(sum.Key, sum.Value))
            .OrderBy(increment => increment.Flow.Source.Namespace, StringComparer.Ordinal)
            .ThenBy(increment => increment.Flow.Source.Name, StringComparer.Ordinal)
            .ThenBy(increment => increment.Flow.To.Key, StringComparer.Ordinal)
            .ThenBy(increment => increment.Metric)
            .ThenBy(increment => increment.Flow.To.Port, StringComparer.Ordinal)
            .ThenBy(increment => increment.Flow.Route)
            .ThenBy(increment => increment.Flow.Protocol)
            .ThenBy(increment => increment.Id.ResponseCode, StringComparer.Ordinal)
            .ThenBy(increment => increment.Id.ResponseFlags, StringComparer.Ordinal)
            .ThenBy(increment => $"{increment.Id.Tags}", StringComparer.Ordinal),
    ];

    private void Exclude(Metric metric, string reason, double amount)
    {
        if (amount > 0) CollectionsMarshal.GetValueRefOrAddDefault(_excluded, (metric, reason), out _) += amount;
    }

    private Reading? Failed(Window window, QueryFailure failure)
    {
        if (Failure.Length == 0) Log.QueryFailed(_logger, window.ToString(), failure.Reason.Word(), failure.Message, failure.Query);
        Failure = $"{failure.Reason.Word()}: {failure.Message}";
        return null;
    }

    /// <summary>Whether a window in which Prometheus has nothing is one whose data is lost: then what had been read before is lost too. If that is still
    /// there, nothing was scraped in the window and nothing is missing. Null where it does not answer.</summary>
    private async Task<bool?> IsGoneAsync(Window window, CancellationToken cancel)
    {
        // A window that has only just ended cannot be lost: nothing was scraped in it, for longer than Prometheus keeps data.
        if (_client is null || Last.SeenAt == default || _time.GetUtcNow() - window.End < _options.Delay + (window.Length * 2)) return false;
        var earlier = new LabelSink("job");
        const string Query = "count({__name__=~\"up|istio_requests_total|istio_tcp_connections_opened_total\"})";
        if (await _client.QueryAsync(Query, Last.SeenAt, earlier, cancel) is { } failure)
        {
            Failed(window, failure);
            return null;
        }

        return !earlier.HasSeries;
    }

    private Reading Gone(Window window)
    {
        Log.Gone(_logger, window.ToString());
        _kept.Value = Last with { LastEnd = window.End };
        return new Reading(window, []) { IsGone = true };
    }

    /// <summary>Counts by name what came too late to count, now and then. Not part of the window: without an answer, the next look finds it.</summary>
    private async Task LookForLateSamplesAsync(PrometheusClient client, Window window, CancellationToken cancel)
    {
        var unit = Max(_options.Late, window.Length);
        var every = unit * LateEvery;
        if (window.Start.Ticks / every.Ticks == window.End.Ticks / every.Ticks) return;
        var recent = window.Length + _options.Late;
        if (window.End - Last.BaselineEnd is var back && back > unit * LateBack) back = unit * LateBack;
        if (back <= recent) return;
        foreach (var raw in RawMetric.All)
        {
            var late = new LateSamples(_tracker, _targets, labels => _classifier.Classify(raw, labels));
            var query = LateSamples.Query(LiveSamples.Selector(raw, _options), LiveSamples.Duration(back), LiveSamples.Duration(recent));
            await client.QueryAsync(query, window.End, late, cancel);
            foreach (var (what, amount) in late.Found.Where(found => found.What.Counter is not null && _jobs.IsSettled(found.What.Job, window)))
                Exclude(what.Raw.Metric, "late", amount);
        }
    }

    /// <summary>Not part of the window: without an answer, what was found last stays.</summary>
    private async Task LookForMangledNamesAsync(PrometheusClient client, Window window, CancellationToken cancel)
    {
        if (window.End < _nextMangled) return;
        _nextMangled = window.End + MangledEvery;
        var names = new LabelSink("__name__", MaxMangled);
        if (await client.QueryAsync(TelemetrySurvey.MangledQuery, window.End, names, cancel) is null) _survey.Mangled(names.Values);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    /// <summary>Hands the series of one of Istio's counters to the tracker, classified.</summary>
    private sealed class SeriesSink(Poller poller, RawMetric raw) : IKeyedSink
    {
        public bool HasSeries { get; private set; }

        public void Restart() => poller._tracker.RestartQuery();

        public ulong KeyOf(ReadOnlySpan<byte> labels) => poller._tracker.Known.KeyOf(labels);

        public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples) => Series(KeyOf(labels), labels, samples);

        public void Series(ulong key, ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
        {
            HasSeries = true;
            var (tracker, known) = (poller._tracker, poller._tracker.Known);
            var slot = known.Series.Find(key);
            var isUnknown = slot == KeyedTable<RawSeries>.None;
            if (isUnknown || !known.IsClassified(slot))
            {
                var read = LabelReader.Read(labels);
                if (isUnknown) slot = known.Add(labels, read, poller._targets.Find(read));
                if (!known.IsClassified(slot)) known.Classify(slot, poller._classifier.Classify(raw, read));
                poller._survey.Offer(tracker, slot, read);
            }

            tracker.Observe(slot, samples);
        }
    }
}
