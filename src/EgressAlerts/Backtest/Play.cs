using EgressAlerts.Alerting;
using EgressAlerts.Cardinality;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Backtest;

/// <summary>The stages of the service with one configuration, which play windows of the past. Nothing is sent, served or written to disk.</summary>
internal sealed class Play : IAsyncDisposable
{
    /// <summary>What changed is committed to the database in memory so often: until then it is noted row by row.</summary>
    private static readonly TimeSpan CommitEvery = TimeSpan.FromDays(1);

    private readonly Store _store = Store.InMemory();
    private readonly Store _scratch = Store.InMemory();
    private readonly StoredState _state;
    private readonly PastTime _time;
    private readonly PieceDestinations _destinations;
    private readonly Lookups _lookups;
    private readonly Poller _poller;
    private readonly Namer _naming;
    private readonly Detectors _detection;
    private readonly SeriesBudget? _budget;
    private readonly AlertBook _book;
    private readonly Dictionary<string, (int Windows, TelemetryWarning Last)> _warnings = [];
    private DateTimeOffset _committed;
    private int _windows;

    /// <param name="names">A database whose answers of DNS are used, or null.</param>
    /// <param name="isSaved">Whether <see cref="Save"/> will be called: then exported counters are kept too, as <c>serve</c> would have.</param>
    /// <exception cref="StoreException">The database with the names cannot be read.</exception>
    public Play(Settings settings, Piece piece, string? names, bool isSaved)
    {
        if (names is not null) _store.TakeOver(names, Lookups.Tables);
        (_state, _time) = (_store.Read(), new PastTime(settings.Prometheus.Delay));
        var metrics = new ServiceMetrics(new MetricRegistry(), _time);

        // DNS lives in the present: how long its answers are good has nothing to do with the windows.
        _lookups = new Lookups(settings.Dns, _state, metrics.Dns, TimeProvider.System);
        _destinations = new PieceDestinations(piece, settings.Telemetry, _scratch.Read());
        _poller = new Poller(piece, settings.Prometheus, settings.Telemetry, metrics.Polling, _state, _time, NullLogger<Poller>.Instance);
        _naming = new Namer(settings.Destinations with { IsPast = true }, _lookups, _state, TimeProvider.System, NullLogger<Namer>.Instance);

        // The alert that always fires says nothing about a configuration.
        var detection = settings.Detection with { Watchdog = settings.Detection.Watchdog with { Enabled = false } };
        _detection = new Detectors(detection, metrics.Detection, _state, NullLogger<Detectors>.Instance);
        _budget = isSaved ? new SeriesBudget(settings.Cardinality, _state) : null;
        _book = new AlertBook(settings.Alerting, _state, metrics.Alerts);
    }

    public PlayedAlerts Alerts { get; } = new();

    /// <summary>What made counts wrong or blind in at least half of the windows.</summary>
    public IReadOnlyList<TelemetryWarning> Warnings =>
    [
        .. _warnings.Where(warning => warning.Value.Windows * 2 >= _windows)
            .OrderBy(warning => warning.Key, StringComparer.Ordinal).Select(warning => warning.Value.Last),
    ];

    /// <summary>Looks up the names that the windows of the piece will ask for, so that these do not depend on how fast windows are played.</summary>
    public Task PrepareAsync(CancellationToken cancel) => _naming.ResolveAsync(_destinations.News(), cancel);

    public async Task RunAsync(Window window, CancellationToken cancel)
    {
        _time.WindowEnd = window.End;
        var read = await _poller.TryReadAsync(window, cancel)
            ?? throw new InvalidOperationException($"the window {window} is not in the piece: {_poller.Failure}");
        var named = await _naming.NameAsync(read, cancel);
        var findings = _detection.Observe(named);
        _budget?.Admit(named, findings, showNew: true);
        Alerts.Note(_book.Update(findings, window));
        _windows++;
        foreach (var warning in _poller.Telemetry.Warnings) _warnings[warning.Kind] = (_warnings.GetValueOrDefault(warning.Kind).Windows + 1, warning);
        if (window.End - _committed < CommitEvery) return;
        _state.Commit();
        _committed = window.End;
    }

    /// <summary>Writes all state into a new database, as <c>serve</c> would have it after the last window.</summary>
    /// <exception cref="StoreException">It cannot be written.</exception>
    public void Save(string file)
    {
        _state.Commit();
        _store.SaveAs(file);
    }

    public async ValueTask DisposeAsync()
    {
        await _lookups.DisposeAsync();
        _store.Dispose();
        _scratch.Dispose();
    }

    /// <summary>The service's clock when it would have read a window.</summary>
    private sealed class PastTime(TimeSpan delay) : TimeProvider
    {
        public DateTimeOffset WindowEnd { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => WindowEnd + delay;
    }
}
