using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EgressAlerts;

/// <summary>Runs the pass for window after window, and between windows does what operators ask for. The one writer of all state.</summary>
internal sealed class PassWorker : BackgroundService
{
    private const string Stopping = "the service is stopping";
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    /// <summary>A pass needs at most 5 s for each Alertmanager, all at once, to send what waits.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(15);

    private readonly Func<Settings> _load;
    private readonly Func<Settings, StoredState, Pass> _compose;
    private readonly Store _store;
    private readonly string _configName;
    private readonly HourlyBackup _backup;
    private readonly ServiceMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Reloads _reloads = new();
    private readonly ClusterTakeOver _clusters;
    private Settings _settings;
    private WindowSchedule _schedule;
    private volatile ConfigurationLog _configuration;
    private volatile Pass _pass;
    private volatile bool _ready;
    private bool _isBroken;
    private bool _isAhead;
    private long _skipped;

    /// <param name="load">Reads the configuration; called at once and for every reload.</param>
    /// <param name="compose">Makes the stages from settings and from what the database holds.</param>
    /// <param name="configName">The configuration's name in logs.</param>
    /// <exception cref="ConfigException">The configuration cannot be used.</exception>
    /// <exception cref="StoreException">The database can neither be used nor set aside.</exception>
    public PassWorker(Func<Settings> load, Func<Settings, StoredState, Pass> compose, Store store, string configName, ServiceParts service)
    {
        (_load, _compose, _store, _configName, _metrics, _time) = (load, compose, store, configName, service.Metrics, service.Time);
        _logger = service.Logger<PassWorker>();
        _clusters = new ClusterTakeOver(store, _logger);
        _settings = load();
        (_pass, _schedule) = BuildFirst();
        _backup = new HourlyBackup(store, _metrics.Storage, _time, service.Logger<HourlyBackup>());
        _configuration = new ConfigurationLog(store.Read());
        _metrics.Reloaded(good: true);
    }

    /// <summary>True once the configuration and the database have been read.</summary>
    public bool IsReady => _ready;

    public Pass Pass => _pass;

    /// <summary>When the configuration was loaded, and what came of it.</summary>
    public ConfigurationLog Configuration => _configuration;

    /// <summary>Reads the configuration again before the next window; null when it is in use, else what is wrong with it. Any thread.</summary>
    public Task<string?> ReloadAsync(CancellationToken cancel) => _reloads.AskAsync().WaitAsync(cancel);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await EndAsync(_pass);
        await _backup.DisposeAsync();
    }

    /// <exception cref="StoreException">The database can neither be used nor set aside.</exception>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await BeginAsync();
            _ready = true;
            while (!stoppingToken.IsCancellationRequested) await TryStepAsync(stoppingToken);
        }
        finally
        {
            _reloads.Close(Stopping);
        }
    }

    private async Task TryStepAsync(CancellationToken cancel)
    {
        try
        {
            await StepAsync(cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Stopped: the loop ends.
        }
#pragma warning disable CA1031 // The one broad catch: a bug in one window must not end the watch over all later ones.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _metrics.Crashed();
            Log.Crashed(_logger, e);
            _isBroken = true;
            await WaitAsync(LongestRetry, cancel);
        }
    }

    /// <summary>Waits for the next window or for a reload, whichever is first, and does it.</summary>
    private async Task StepAsync(CancellationToken cancel)
    {
        // First, so that a new configuration can mend what crashes with the old one. At most one before each window, so that many cannot hold windows up.
        if (_reloads.Take() is { } asked) asked.SetResult(await TryReloadAsync());

        // What a failed pass left half done is put back as it was after the last complete window.
        if (_isBroken) await RebuildAsync(_settings);
        var now = _time.GetUtcNow();
        var (window, skipped) = _schedule.Next(_pass.LastEnd, now);
        if (_schedule.UntilDue(window, now) is var wait && wait > TimeSpan.Zero)
        {
            var isAhead = WindowSchedule.IsAhead(_pass.LastEnd, now);
            if (isAhead && !_isAhead) Log.ClockWasAhead(_logger, _pass.LastEnd, now);
            _isAhead = isAhead;
            await WaitAsync(wait, cancel);
            return;
        }

        var started = _time.GetTimestamp();
        var skippedTime = new Window(_pass.LastEnd, window.Start);
        if (skipped > 0 && _skipped == 0) Skip(skippedTime, skipped);
        var outcome = await _pass.RunAsync(window, _clusters, cancel);
        if (outcome == WindowOutcome.Waits)
        {
            _metrics.WindowFailed();
            await WaitAsync(_schedule.Interval / 2 < LongestRetry ? _schedule.Interval / 2 : LongestRetry, cancel);
            return;
        }

        if (outcome == WindowOutcome.Outdated)
        {
            await RebuildAsync(_settings);
            return;
        }

        _backup.BeginIfDue();
        if (skipped > _skipped) Skip(skippedTime, skipped);
        _skipped = 0;
        if (outcome == WindowOutcome.Gone) _metrics.Skipped(1);
        else _metrics.WindowDone(_time.GetElapsedTime(started));
    }

    /// <summary>Logs that windows are skipped: when that begins, and once more when it ends, if more were lost while no window could be read.</summary>
    private void Skip(Window time, long windows)
    {
        Log.Skipped(_logger, windows, time.ToString(), DurationText.Exact(_schedule.MaxCatchUp));
        _metrics.Skipped(windows - _skipped);
        _skipped = windows;
    }

    /// <summary>Waits, but no longer than until a reload is asked for or the service stops.</summary>
    private async Task WaitAsync(TimeSpan wait, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(Task.Delay(wait, _time, either.Token), _reloads.Asked);
        await either.CancelAsync();
    }

    /// <summary>Stages from what the database holds, or from the backup where some stage fails on that, or from nothing.</summary>
    private (Pass Pass, WindowSchedule Schedule) BuildFirst()
    {
        while (true)
        {
            try
            {
                return Build(_settings);
            }
#pragma warning disable CA1031 // State that some stage cannot read may fail there in any way, and the service must not end for it: it is set aside.
            catch (Exception e) when (e is not ConfigException && _store.HasState)
#pragma warning restore CA1031
            {
                _store.Replace("unreadable", $"{e.GetType().Name}: {e.Message}");
            }
        }
    }

    private async Task BeginAsync()
    {
        // Time that is yet to come is the mark of a clock that was wrong. To wait for it could mean to wait for years.
        while (_pass.LastEnd > _time.GetUtcNow() + _schedule.Interval + _schedule.Delay)
        {
            _store.Replace(
                "future",
                $"its last window ends at {_pass.LastEnd:O}, which is in the future. Correct the clock and put the file back, or go on without it");
            await EndAsync(_pass);
            (_pass, _schedule) = BuildFirst();
        }

        _configuration = new ConfigurationLog(_store.Read()); // Of the database that is in use now.
        _configuration.Note(_time.GetUtcNow(), error: null);
        if (_pass.LastEnd != default) Log.Restored(_logger, _store.FilePath, _pass.LastEnd);
        _pass.Start();
    }

    private async Task<string?> TryReloadAsync()
    {
        try
        {
            await RebuildAsync(_load());
            _metrics.Reloaded(good: true);
            _configuration.Note(_time.GetUtcNow(), error: null);
            Log.Reloaded(_logger, _configName);
            return null;
        }
        catch (ConfigException e)
        {
            _metrics.Reloaded(good: false);
            _configuration.Note(_time.GetUtcNow(), e.Message);
            Log.ReloadRefused(_logger, e.Message);
            return e.Message;
        }
#pragma warning disable CA1031 // Whoever asked for the reload waits for an answer, whatever went wrong.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _metrics.Reloaded(good: false);
            Log.ReloadFailed(_logger, e);
            return $"unexpected error, {e.GetType().Name}: {e.Message}. The log has more.";
        }
    }

    /// <summary>Replaces the stages by new ones that go on where the old ones stand. They do so as after a restart, so it is exact for the same reasons.
    /// An error in making the new stages leaves the old ones as they are.</summary>
    private async Task RebuildAsync(Settings settings)
    {
        var (pass, schedule) = Build(settings);

        // The old stages end first, since both would send alerts. Should the new ones not start, the next step builds stages from the old settings.
        _isBroken = true;
        await EndAsync(_pass);
        _pass = pass;
        pass.Start();
        (_settings, _schedule, _isBroken) = (settings, schedule, false);
    }

    /// <summary>Ends stages that are no longer needed. What goes wrong there is logged and harms nobody else.</summary>
    private async Task EndAsync(Pass pass)
    {
        try
        {
            await pass.DisposeAsync().AsTask().WaitAsync(LongestEnd, _time);
        }
#pragma warning disable CA1031 // The stages that come after these, and the end of the service, do not depend on it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.NotEnded(_logger, e);
        }
    }

    private (Pass Pass, WindowSchedule Schedule) Build(Settings settings)
    {
        try
        {
            return (_compose(settings, _store.Read()), new(settings.Prometheus.Interval, settings.Prometheus.Delay, settings.Prometheus.MaxCatchUp));
        }
        catch (StoreException e) when (e.IsDamage && _isBroken)
        {
            // The old stages cannot go on, and what they hold is half of a window: the backup is all there is.
            _store.Replace("damaged", e.Message);
            return Build(settings);
        }
    }
}
