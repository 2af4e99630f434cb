using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

/// <summary>Reads windows from Prometheus, each once and in order. Called by the pass alone; <see cref="Failure"/>, <see cref="Notes"/> and
/// <see cref="Telemetry"/> by anyone.</summary>
public sealed class Poller
{
    /// <summary>All servers, or a piece of history.</summary>
    private readonly IReadOnlyList<WindowSource> _sources;

    /// <summary>Empty where windows are read from a piece of history.</summary>
    private readonly IReadOnlyList<PolledServer> _servers;

    /// <summary>What is asked of the servers beside the samples. Null where there are none.</summary>
    private readonly SideQueries? _side;
    private readonly PollingOptions _options;
    private readonly PollingMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly HostRegister _hosts;
    private readonly Classifier _classifier;
    private readonly TelemetrySurvey _survey;
    private readonly JobRegister _jobs;
    private readonly BaselineRules _baselines;
    private readonly CounterTracker _tracker;
    private readonly Accounting _accounting;

    /// <summary>Reads windows from the server at <see cref="PollingOptions.Url"/>.</summary>
    public Poller(
        HttpClient http, PollingOptions options, TelemetryOptions telemetry, PollingMetrics metrics, StoredState state, TimeProvider time,
        ILogger<Poller> logger)
        : this([http], options, telemetry, metrics, state, time, logger)
    {
    }

    /// <summary>Reads windows from all servers of <see cref="PollingOptions.EachServer"/>.</summary>
    /// <param name="http">The client of each server, in their order.</param>
    public Poller(
        IReadOnlyList<HttpClient> http, PollingOptions options, TelemetryOptions telemetry, PollingMetrics metrics, StoredState state, TimeProvider time,
        ILogger<Poller> logger)
        : this(
            [.. options.EachServer().Zip(http, (server, client) => new PolledServer(client, server, telemetry, metrics, time, logger))], null,
            options, telemetry, metrics, state, time, logger)
    {
    }

    /// <summary>Reads windows from a piece of history. The caller sees to it that each window lies in the piece.</summary>
    public Poller(
        Piece piece, PollingOptions options, TelemetryOptions telemetry, PollingMetrics metrics, StoredState state, TimeProvider time, ILogger<Poller> logger)
        : this([], new PieceSource(piece), options, telemetry, metrics, state, time, logger)
    {
    }

    private Poller(
        IReadOnlyList<PolledServer> servers, PieceSource? piece, PollingOptions options, TelemetryOptions telemetry, PollingMetrics metrics, StoredState state,
        TimeProvider time, ILogger<Poller> logger)
    {
        (_options, _metrics, _logger, _time, _servers) = (options, metrics, logger, time, servers);
        _sources = piece is null
            ? [.. servers.Select(server => new WindowSource(new LiveSamples(server.Client, server.Reader), server))]
            : [new WindowSource(piece, null)];
        if (servers.Any(server => server.Options.Cluster.Length > 0)) telemetry = telemetry with { Cluster = [ClusterSink.Label, .. telemetry.Cluster] };
        _hosts = new HostRegister(telemetry.DynamicDns, state);
        _classifier = new Classifier(telemetry, _hosts);
        _survey = new TelemetrySurvey(telemetry, options.Late, metrics, logger);
        _jobs = new JobRegister(state);
        _baselines = new BaselineRules(_jobs, options, telemetry, state);
        _tracker = new CounterTracker(_jobs, options.Late, state);
        if (!_tracker.IsWhole) _baselines.Distrust();
        _accounting = new Accounting(_tracker, _jobs, _baselines, state, logger);
        if (piece is null) _side = new([.. _sources.Select(one => (one.Server!, one.Targets))], options, _classifier, _tracker, _jobs, _survey, state);

        Measure();
    }

    /// <summary>The end of the last window that was read; the default value before the first one.</summary>
    public DateTimeOffset LastEnd => _accounting.Last.LastEnd;

    /// <summary>The instant from which increments are counted; the default value before the first window.</summary>
    public DateTimeOffset BaselineEnd => _accounting.Last.BaselineEnd;

    /// <summary>What was seen and left out in all windows so far.</summary>
    public IReadOnlyList<ExcludedSum> Excluded => _accounting.Excluded;

    /// <inheritdoc cref="Ledger.FirstValues"/>
    public Totals FirstValues => _accounting.FirstValues;

    /// <inheritdoc cref="Ledger.Expected"/>
    public Totals Expected => _accounting.Expected;

    /// <summary>Why the last attempt at a window failed; empty while all is well.</summary>
    public string Failure { get; private set; } = "";

    /// <summary>What Prometheus' answers of the last complete window said beside their data.</summary>
    public IReadOnlyList<string> Notes { get; private set; } = [];

    /// <summary>The queries of the last window, or of the last attempt at one. Any thread.</summary>
    public IReadOnlyList<QueryTime> Queries =>
        [.. _servers.SelectMany(server => server.Client.Times.Last.Select(query => query with { Server = NameOf(server) }))];

    /// <summary>The workloads whose egress Prometheus showed in the last window.</summary>
    public IEnumerable<Workload> Workloads =>
        _tracker.Known.Meanings.All.Select(all => all.What.Counter).OfType<CounterId>().Select(counter => counter.Flow.Source).Distinct();

    /// <summary>The metrics that one query cannot read. Any thread.</summary>
    public IReadOnlyList<QueryParts> Parts =>
        [.. _servers.SelectMany(server => server.Reader.Parts).GroupBy(one => one.Metric).Select(all => new QueryParts(all.Key, all.Sum(one => one.Parts)))];

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
        foreach (var server in _servers) server.BeginWindow();
        _tracker.Begin(window, isBaseline: _baselines.IsFirst);
        var (jobs, range) = (new HashSet<string>(), Range(window));
        foreach (var source in _sources)
        {
            if (await source.BeginAsync(window, Max(LiveSamples.Lookback, range), jobs, cancel) is { } failure) return Failed(window, source, failure);
        }

        foreach (var raw in RawMetric.All)
        {
            foreach (var source in _sources)
            {
                _tracker.BeginQuery();
                var sink = new TrackerSink(raw, _tracker, source.Targets, _classifier, _survey);
                if (await source.ReadAsync(raw, window, range, sink, cancel) is { } failure) return Failed(window, source, failure);
            }

            if (_servers.Count > 0) _metrics.Parts(raw.Name, _servers.Sum(server => server.Reader.Count(raw)));
        }

        if (_sources.Any(source => source.HasAny)) _accounting.Saw(window);
        else if (await IsGoneAsync(window, cancel) is not { } isGone) return null;
        else if (isGone) return Gone(window);

        if (Failure.Length > 0) Log.QueryRecovered(_logger);
        Failure = "";
        foreach (var job in jobs) _jobs.Saw(job, window.Start - window.Length);
        var reading = new Reading(window, _accounting.Take(window));
        Measure();
        if (_side is not null)
        {
            await _side.AskAsync(window, _accounting, cancel);
            foreach (var server in _servers) server.EndWindow();
            _survey.UnknownNotes([.. _servers.SelectMany(server => server.Client.Notes.Unknown)]);
            Notes = [.. Lacking(), .. _servers.SelectMany(server => server.Client.Notes.Shown.Select(note => Told(NameOf(server), note)))];
        }

        // Windows of the past go by so fast that a look in each would take a fifth of the time.
        if (_side is not null || window.Start.Ticks / TimeSpan.TicksPerHour != window.End.Ticks / TimeSpan.TicksPerHour)
            _survey.Update(_tracker, job => _sources.Any(source => source.Targets.Knows(job)), window);
        if (_hosts.TakeChange()) _tracker.Known.Declassify(); // From the next window on.
        _accounting.Keep();
        return reading;
    }

    /// <summary>What each server lacks where others have something.</summary>
    private IEnumerable<string> Lacking() => _sources.Where(source => !source.HasAny && _sources.Count > 1)
        .Select(source => $"{source.Name} has none of Istio's series and no targets in this window: does it scrape a part of the mesh?");

    /// <summary>The name of a server where there are several.</summary>
    private string NameOf(PolledServer server) => _servers.Count > 1 ? server.Options.Name : "";

    private static string Told(string server, string text) => server.Length > 0 ? $"{server}: {text}" : text;

    /// <summary>Reads whom workloads talked to before the first window. It takes a minute at most, and what cannot be read stays unknown.</summary>
    /// <param name="back">How far to look. More than Prometheus keeps does no harm.</param>
    /// <returns>Null where nothing could be read.</returns>
    public async Task<IReadOnlyList<PastFlow>?> ReadHistoryAsync(Window first, TimeSpan back, CancellationToken cancel)
    {
        var all = new List<PastFlow>();
        foreach (var server in _servers)
        {
            if (await new HistoryReader(server, _classifier, _logger).ReadAsync(first, back, cancel) is not { } flows) return null;
            all.AddRange(flows);
        }

        return _servers.Count > 0 ? all : null;
    }

    /// <summary>How far back samples are read: to the anchor of the last window. What has not been read before is looked for further back.</summary>
    private TimeSpan Range(Window window)
    {
        var known = TimeSpan.FromMilliseconds(_tracker.From == long.MinValue ? 0 : window.End.ToUnixTimeMilliseconds() - _tracker.From);
        var mayBeOlder = _baselines.IsFirst || _baselines.IsNewSource || _baselines.ReadsMore;
        return mayBeOlder ? Max(known, Max(LiveSamples.Lookback, window.Length + _options.Late)) : known;
    }

    private void Measure()
    {
        _metrics.Series(_tracker.Known.Series.Count);
        _metrics.Inversions(_tracker.Inversions);
    }

    private Reading? Failed(Window window, WindowSource source, QueryFailure failure)
    {
        var message = Told(_sources.Count > 1 ? source.Name : "", failure.Message);
        if (Failure.Length == 0) Log.QueryFailed(_logger, window.ToString(), failure.Reason.LabelValue(), message, failure.Query);
        Failure = $"{failure.Reason.LabelValue()}: {message}";
        foreach (var server in _servers) server.Client.Times.EndWindow();
        return null;
    }

    /// <summary>Whether a window in which Prometheus has nothing has lost its data: then what had been read before is lost too. If that is still
    /// there, nothing was scraped in the window and nothing is missing. Null where Prometheus does not answer.</summary>
    private async Task<bool?> IsGoneAsync(Window window, CancellationToken cancel)
    {
        // Where a window has only just ended and has no data, nothing was scraped. That can last longer than Prometheus keeps data.
        var isRecent = _time.GetUtcNow() - window.End < _options.Delay + (window.Length * 2);
        if (_servers.Count == 0 || _accounting.Last.SeenAt == default || isRecent) return false;
        const string Query = "count({__name__=~\"up|istio_requests_total|istio_tcp_connections_opened_total\"})";
        foreach (var source in _sources)
        {
            var earlier = new LabelSink("job");
            if (await source.Server!.Client.QueryAsync(Query, _accounting.Last.SeenAt, earlier, cancel) is { } failure)
            {
                Failed(window, source, failure);
                return null;
            }

            if (earlier.HasSeries) return false;
        }

        return true;
    }

    private Reading Gone(Window window)
    {
        Log.Gone(_logger, window.ToString());
        _accounting.Skip(window);
        return new Reading(window, []) { IsGone = true };
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
