using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Model;
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
    private readonly Stages _stages;
    private readonly bool _isSaved;
    private readonly Dictionary<string, (int Windows, TelemetryWarning Last)> _warnings = [];
    private DateTimeOffset _committed;
    private int _windows;

    /// <param name="names">A database whose answers of DNS are used, or null.</param>
    /// <param name="isSaved">Whether <see cref="Save"/> will be called: then exported counters are kept too, as <c>serve</c> would have.</param>
    /// <exception cref="StoreException">The database with the names cannot be read.</exception>
    public Play(Settings settings, Piece piece, string? names, bool isSaved)
    {
        if (names is not null) _store.TakeOver(names, Lookups.Tables);
        (_state, _time, _isSaved) = (_store.Read(), new PastTime(settings.Prometheus.Delay), isSaved);
        settings = settings with
        {
            Destinations = settings.Destinations with { IsPast = true },

            // The alert that always fires says nothing about a configuration.
            Detection = settings.Detection with { Watchdog = settings.Detection.Watchdog with { Enabled = false } },
        };
        var service = new ServiceParts(new ServiceMetrics(new MetricRegistry(), _time), _time, NullLoggerFactory.Instance);
        var poller = new Poller(piece, settings.Prometheus, settings.Telemetry, service.Metrics.Polling, _state, _time, service.Logger<Poller>());
        _stages = Program.Stages(poller, settings, _state, cluster: null, service);
        _destinations = new PieceDestinations(piece, settings.Telemetry, _scratch.Read(), _stages.Mesh.Current is { } mesh ? mesh.Door.Registers : null);
    }

    public PlayedAlerts Alerts { get; } = new();

    /// <summary>What made counts wrong or blind in at least half of the windows.</summary>
    public IReadOnlyList<TelemetryWarning> Warnings =>
    [
        .. _warnings.Where(warning => warning.Value.Windows * 2 >= _windows)
            .OrderBy(warning => warning.Key, StringComparer.Ordinal).Select(warning => warning.Value.Last),
    ];

    /// <summary>Looks up the names that the windows of the piece will ask for, so that these do not depend on how fast windows are played.</summary>
    public Task PrepareAsync(CancellationToken cancel) => _stages.Naming.ResolveAsync(_destinations.News(), cancel);

    public async Task RunAsync(Window window, CancellationToken cancel)
    {
        _time.WindowEnd = window.End;
        _stages.RefreshMesh();
        var read = await _stages.Poller.TryReadAsync(window, cancel)
            ?? throw new InvalidOperationException($"the window {window} is not in the piece: {_stages.Poller.Failure}");
        var named = await _stages.Naming.NameAsync(read, cancel);
        var findings = _stages.Detection.Observe(named);
        if (_isSaved) _stages.Budget.Admit(named, findings, showNew: true);
        Alerts.Note(_stages.Book.Update(findings, window));
        _windows++;
        foreach (var warning in _stages.Poller.Telemetry.Warnings) _warnings[warning.Kind] = (_warnings.GetValueOrDefault(warning.Kind).Windows + 1, warning);
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
        await _stages.Lookups.DisposeAsync();
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
