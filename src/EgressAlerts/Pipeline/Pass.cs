using EgressAlerts.Alerting;
using EgressAlerts.Cardinality;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Detection;
using EgressAlerts.Export;
using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging;

namespace EgressAlerts;

/// <summary>The way of the data, one window at a time. Owns all state of the stages; called by <see cref="PassWorker"/> alone.</summary>
internal sealed class Pass : IAsyncDisposable
{
    private readonly HttpClient _prometheus;
    private readonly IReadOnlyList<(AlertmanagerOptions Options, HttpClient Http)> _alertmanagers;
    private readonly Lookups _lookups;
    private readonly Poller _poller;
    private readonly Namer _naming;
    private readonly Detectors _detection;
    private readonly SeriesBudget _budget;
    private readonly AlertBook _book;
    private readonly Notifier _notifier;
    private readonly StoredState _state;
    private readonly Exposition _exposition;
    private readonly AccessLog _accessLog;
    private readonly TimeSpan _history;
    private readonly AlertmanagerDiscovery _discovery;
    private bool _hasLearned;

    public Pass(
        Settings settings, Uri externalUrl, StoredState state, Exposition exposition, AccessLog accessLog,
        ServiceMetrics metrics, TimeProvider time, ILoggerFactory loggers)
    {
        (_state, _exposition, _accessLog, _history) = (state, exposition, accessLog, settings.Detection.History);
        var alerting = settings.Alerting with { ExternalUrl = settings.Alerting.ExternalUrl ?? externalUrl };
        var transport = loggers.CreateLogger("EgressAlerts.Http");
        _prometheus = HttpClients.Create(settings.PrometheusHttp, transport);
        _alertmanagers = [.. alerting.Alertmanagers.Select(alertmanager => (alertmanager, HttpClients.Create(alertmanager.Http, transport)))];
        _lookups = new Lookups(settings.Dns, state, metrics.Dns, time, loggers.CreateLogger<Lookups>());

        _poller = new Poller(_prometheus, settings.Prometheus, settings.Telemetry, metrics.Polling, state, time, loggers.CreateLogger<Poller>());
        _naming = new Namer(settings.Destinations, _lookups, state, time, loggers.CreateLogger<Namer>());
        _detection = new Detectors(settings.Detection, metrics.Detection, state, loggers.CreateLogger<Detectors>());
        _budget = new SeriesBudget(settings.Cardinality, state);
        _book = new AlertBook(alerting, state, metrics.Alerts);
        _notifier = new Notifier(alerting, metrics.Alerts, time, loggers.CreateLogger<Notifier>());
        _discovery = new AlertmanagerDiscovery(
            _alertmanagers, _notifier, new TargetResolver(_lookups.Servers).FindAsync, metrics.Alerts, time, loggers.CreateLogger<AlertmanagerDiscovery>());
    }

    /// <summary>The end of the last complete window; the default value before the first one.</summary>
    public DateTimeOffset LastEnd => _poller.LastEnd;

    public TelemetryReport Telemetry => _poller.Telemetry;

    /// <summary>Why the current window could not be read yet; empty while all is well.</summary>
    public string Failure => _poller.Failure;

    /// <summary>What Prometheus' answers of the last complete window said beside their data.</summary>
    public IReadOnlyList<string> Notes => _poller.Notes;

    public IReadOnlyList<NameServerStatus> NameServers => _lookups.Servers.Status;

    public IReadOnlyList<Alert> Alerts => _notifier.Current;

    /// <summary>What fires, and what fired within <c>alerting.history</c>.</summary>
    public IReadOnlyList<Alert> AlertHistory => _book.History;

    public IReadOnlyList<Alert> HeldBackAlerts => _book.HeldBack;

    /// <summary>Accounts for one window.</summary>
    public async Task<WindowOutcome> RunAsync(Window window, CancellationToken cancel)
    {
        if (LastEnd == default && !_hasLearned) await LearnAsync(window, cancel);
        if (await _poller.TryReadAsync(window, cancel) is not { } read) return WindowOutcome.Waits; // Counted and logged.
        var named = await _naming.NameAsync(read, cancel);
        var findings = _detection.Observe(named);
        var admitted = _budget.Admit(named, findings, _exposition.MayShowNew);
        var alerts = _book.Update(findings, window);

        // Before anyone sees them: what a scrape has shown is never taken back.
        _state.Commit();
        _exposition.Publish(admitted);
        _notifier.Publish(alerts);
        _accessLog.Write(named);
        return read.IsGone ? WindowOutcome.Gone : WindowOutcome.Counted;
    }

    /// <summary>Begins to send alerts, and shows at once what had been reached. Until then nobody outside notices this pass.
    /// Called once, before the first window.</summary>
    public void Start()
    {
        _discovery.Start();
        if (LastEnd == default) return;
        _exposition.Publish(_budget.Snapshot(new Window(LastEnd, LastEnd), _poller.Accounts, _naming.Waiting));
        _notifier.Publish(_book.Current);
    }

    /// <summary>What is known from before the first window, so that not everything is news.</summary>
    private async Task LearnAsync(Window first, CancellationToken cancel)
    {
        if (_history == TimeSpan.Zero || await _poller.ReadHistoryAsync(first, _history, cancel) is not { } flows) return;
        _hasLearned = true;
        var names = await _naming.NameAsync(flows.Select(flow => flow.Flow.To), cancel);
        _detection.Learn(flows, names, first.Start);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // What is declared last ends first, and each one ends also when another one fails to.
            await using var lookups = _lookups;
            await using var notifier = _notifier;
            await using var discovery = _discovery;
        }
        finally
        {
            _prometheus.Dispose();
            foreach (var alertmanager in _alertmanagers) alertmanager.Http.Dispose();
        }
    }
}

/// <summary>What became of a window.</summary>
internal enum WindowOutcome
{
    /// <summary>It could not be read whole: nothing has changed, and it is to be tried again.</summary>
    Waits,

    Counted,

    /// <summary>It can never be read any more, and was skipped.</summary>
    Gone,
}
