using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

/// <summary>Reads windows from Prometheus, each once and in order. Called by the pass alone; <see cref="Failure"/>, <see cref="Notes"/> and
/// <see cref="Telemetry"/> by anyone.</summary>
public sealed class Poller
{
    private readonly ISampleSource _source;

    /// <summary>What is asked of a server beside the samples. Null where windows are read from a piece of history.</summary>
    private readonly (PrometheusClient Client, SplitReader Reader, SideQueries Side, HistoryReader History)? _server;
    private readonly PollingOptions _options;
    private readonly PollingMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly HostRegister _hosts;
    private readonly Classifier _classifier;
    private readonly TelemetrySurvey _survey;
    private readonly JobRegister _jobs;
    private readonly TargetLabels _targets = new();
    private readonly BaselineRules _baselines;
    private readonly CounterTracker _tracker;
    private readonly Accounting _accounting;

    /// <summary>Reads windows from the server at <see cref="PollingOptions.Url"/>.</summary>
    public Poller(
        HttpClient http, PollingOptions options, TelemetryOptions telemetry, PollingMetrics metrics, StoredState state, TimeProvider time,
        ILogger<Poller> logger)
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
        var reader = client is null ? null : new SplitReader(client, options, metrics);
        _source = source ?? new LiveSamples(client!, reader!);
        _hosts = new HostRegister(telemetry.DynamicDns, state);
        _classifier = new Classifier(telemetry, _hosts);
        _survey = new TelemetrySurvey(telemetry, options.Late, metrics, logger);
        _jobs = new JobRegister(state);
        _baselines = new BaselineRules(_jobs, options, state);
        _tracker = new CounterTracker(_jobs, options.Late, state);
        if (!_tracker.IsWhole) _baselines.Distrust();
        _accounting = new Accounting(_tracker, _jobs, _baselines, state, logger);
        if (client is not null)
        {
            var side = new SideQueries(client, reader!, options, _classifier, _tracker, _targets, _jobs, _survey);
            _server = (client, reader!, side, new HistoryReader(client, options, _classifier, logger));
        }

        Measure();
    }

    /// <summary>The end of the last window that was read; the default value before the first one.</summary>
    public DateTimeOffset LastEnd => _accounting.Last.LastEnd;

    /// <summary>The instant from which increments are counted; the default value before the first window.</summary>
    public DateTimeOffset BaselineEnd => _accounting.Last.BaselineEnd;

    /// <summary>What was seen and left out in all windows so far.</summary>
    public IReadOnlyList<ExcludedSum> Excluded => _accounting.Excluded;

    /// <summary>Why the last attempt at a window failed; empty while all is well.</summary>
    public string Failure { get; private set; } = "";

    /// <summary>What Prometheus' answers of the last complete window said beside their data.</summary>
    public IReadOnlyList<string> Notes => _server?.Client.Notes.Shown ?? [];

    /// <summary>The queries of the last window, or of the last attempt at one. Any thread.</summary>
    public IReadOnlyList<QueryTime> Queries => _server?.Client.Times.Last ?? [];

    /// <summary>The workloads whose egress Prometheus showed in the last window.</summary>
    public IEnumerable<Workload> Workloads =>
        _tracker.Known.Meanings.All.Select(all => all.What.Counter).OfType<CounterId>().Select(counter => counter.Flow.Source).Distinct();

    /// <summary>The metrics that one query cannot read. Any thread.</summary>
    public IReadOnlyList<QueryParts> Parts => _server?.Reader.Parts ?? [];

    public TelemetryReport Telemetry => _survey.Report;

    /// <summary>Takes which hosts the mesh registers, from the next window on. Null where nobody has given the registry. Called between windows.</summary>
    public void Use(RegisteredHosts? hosts)
    {
        if (_hosts.Use(hosts)) _tracker.Known.Declassify();
    }

    /// <summary>Everything that Prometheus stored up to the window's end and that no earlier window saw. Null where an answer was missing or
    /// incomplete: nothing has changed then, and the window is to be tried again.</summary>
    public async Task<Reading?> TryReadAsync(Window window, CancellationToken cancel)
    {
        if (_baselines.IsNewSource) _tracker.ForgetNames();
        _server?.Client.Notes.BeginWindow();
        _server?.Client.Times.BeginWindow();
        _tracker.Begin(window, isBaseline: _baselines.IsFirst);
        var jobs = new LabelSink("job");
        if (await _source.JobsAsync(window, jobs, cancel) is { } noJobs) return Failed(window, noJobs);
        if (await _source.TargetsAsync(window, Max(LiveSamples.Lookback, Range(window)), _targets, cancel) is { } noTargets) return Failed(window, noTargets);
        var hasSeries = false;
        foreach (var raw in RawMetric.All)
        {
            _tracker.BeginQuery();
            var sink = new TrackerSink(raw, _tracker, _targets, _classifier, _survey);
            if (await _source.SeriesAsync(raw, window, Range(window), sink, cancel) is { } failure) return Failed(window, failure);
            hasSeries |= sink.HasSeries;
        }

        if (hasSeries || _targets.Any) _accounting.Saw(window);
        else if (await IsGoneAsync(window, cancel) is not { } isGone) return null;
        else if (isGone) return Gone(window);

        if (Failure.Length > 0) Log.QueryRecovered(_logger);
        Failure = "";
        foreach (var job in jobs.Values) _jobs.Saw(job, window.Start - window.Length);
        var reading = new Reading(window, _accounting.Take(window));
        Measure();
        if (_server is { } server)
        {
            await server.Side.AskAsync(window, _accounting, cancel);
            server.Client.Notes.EndWindow();
            server.Client.Times.EndWindow();
            _survey.UnknownNotes(server.Client.Notes.Unknown);
        }

        // Windows of the past go by so fast that a look in each would take a fifth of the time.
        if (_server is not null || window.Start.Ticks / TimeSpan.TicksPerHour != window.End.Ticks / TimeSpan.TicksPerHour)
            _survey.Update(_tracker, _targets, window);
        if (_hosts.TakeChange()) _tracker.Known.Declassify(); // From the next window on.
        _accounting.Keep();
        return reading;
    }

    /// <summary>Reads whom workloads talked to before the first window. It takes a minute at most, and what cannot be read stays unknown.</summary>
    /// <param name="back">How far to look. More than Prometheus keeps does no harm.</param>
    /// <returns>Null where nothing could be read.</returns>
    public async Task<IReadOnlyList<PastFlow>?> ReadHistoryAsync(Window first, TimeSpan back, CancellationToken cancel) =>
        _server is { } server ? await server.History.ReadAsync(first, back, cancel) : null;

    /// <summary>How far back samples are read: to the anchor of the last window. What has not been read before is looked for further back.</summary>
    private TimeSpan Range(Window window)
    {
        var known = TimeSpan.FromMilliseconds(_tracker.From == long.MinValue ? 0 : window.End.ToUnixTimeMilliseconds() - _tracker.From);
        return _baselines.IsFirst || _baselines.IsNewSource ? Max(known, Max(LiveSamples.Lookback, window.Length + _options.Late)) : known;
    }

    private void Measure()
    {
        _metrics.Series(_tracker.Known.Series.Count);
        _metrics.Inversions(_tracker.Inversions);
    }

    private Reading? Failed(Window window, QueryFailure failure)
    {
        if (Failure.Length == 0) Log.QueryFailed(_logger, window.ToString(), failure.Reason.LabelValue(), failure.Message, failure.Query);
        Failure = $"{failure.Reason.LabelValue()}: {failure.Message}";
        _server?.Client.Times.EndWindow();
        return null;
    }

    /// <summary>Whether a window in which Prometheus has nothing has lost its data: then what had been read before is lost too. If that is still
    /// there, nothing was scraped in the window and nothing is missing. Null where Prometheus does not answer.</summary>
    private async Task<bool?> IsGoneAsync(Window window, CancellationToken cancel)
    {
        // Where a window has only just ended and has no data, nothing was scraped. That can last longer than Prometheus keeps data.
        var isRecent = _time.GetUtcNow() - window.End < _options.Delay + (window.Length * 2);
        if (_server is not { } server || _accounting.Last.SeenAt == default || isRecent) return false;
        var earlier = new LabelSink("job");
        const string Query = "count({__name__=~\"up|istio_requests_total|istio_tcp_connections_opened_total\"})";
        if (await server.Client.QueryAsync(Query, _accounting.Last.SeenAt, earlier, cancel) is { } failure)
        {
            Failed(window, failure);
            return null;
        }

        return !earlier.HasSeries;
    }

    private Reading Gone(Window window)
    {
        Log.Gone(_logger, window.ToString());
        _accounting.Skip(window);
        return new Reading(window, []) { IsGone = true };
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
