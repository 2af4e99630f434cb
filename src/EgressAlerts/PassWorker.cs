using System.Threading.Channels;
using EgressAlerts.Configuration;
using EgressAlerts.Export;
using EgressAlerts.Model;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EgressAlerts;

/// <summary>Runs the pass for window after window, and between windows does what operators ask for. The one writer of all state.</summary>
internal sealed class PassWorker : BackgroundService
{
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private readonly ServeOptions _options;
    private readonly Checkpoint _checkpoint;
    private readonly Exposition _exposition;
    private readonly StageMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly Channel<TaskCompletionSource<string?>> _reloads = Channel.CreateBounded<TaskCompletionSource<string?>>(16);
    private readonly Nursery _nursery = new();
    private Settings _settings;
    private WindowSchedule _schedule;
    private volatile Pass _pass;
    private volatile bool _ready;
    private bool _isBroken;
    private long _skipped;

    public PassWorker(ServeOptions options, Checkpoint checkpoint, Exposition exposition, StageMetrics metrics, TimeProvider time, ILoggerFactory loggers)
    {
        (_options, _checkpoint, _exposition, _metrics, _time, _loggers) = (options, checkpoint, exposition, metrics, time, loggers);
        _logger = loggers.CreateLogger<PassWorker>();
        _settings = LoadSettings();
        (_pass, _schedule) = Build(_settings);
        _metrics.Service.Reloaded(good: true);
    }

    /// <summary>True once the configuration and the checkpoint have been read.</summary>
    public bool IsReady => _ready;

    public Pass Pass => _pass;

    /// <summary>Reads the configuration again before the next window; null when it is in use, else what is wrong with it.</summary>
    public async Task<string?> ReloadAsync(CancellationToken cancel)
    {
        var done = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _reloads.Writer.WriteAsync(done, cancel);
        return await done.Task.WaitAsync(cancel);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await _pass.DisposeAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        await RestoreAsync();
        _ready = true;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await StepAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The one broad catch: a bug in one window must not end the watch over all later ones.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _metrics.Service.Crashed();
                Log.Crashed(_logger, e);
                _isBroken = true;
                await Task.Delay(LongestRetry, _time, stoppingToken);
            }
        }
    }

    /// <summary>Waits for the next window or for a reload, whichever is first, and does it.</summary>
    private async Task StepAsync(CancellationToken cancel)
    {
        // What a failed pass left half done is put back as it was after the last complete window.
        if (_isBroken) await RebuildAsync(_settings);
        _isBroken = false;
        if (_reloads.Reader.TryRead(out var asked))
        {
            asked.TrySetResult(await TryReloadAsync());
            return;
        }

        var now = _time.GetUtcNow();
        var (window, skipped) = _schedule.Next(_pass.LastEnd, now);
        if (_schedule.UntilDue(window, now) is var wait && wait > TimeSpan.Zero)
        {
            await WaitAsync(wait, cancel);
            return;
        }

        var started = _time.GetTimestamp();
        var skippedTime = new Window(_pass.LastEnd, window.Start);
        if (skipped > 0 && _skipped == 0) Skip(skippedTime, skipped);
        var outcome = await _pass.RunAsync(window, cancel);
        if (outcome == WindowOutcome.Waits)
        {
            _metrics.Service.WindowFailed();
            await WaitAsync(_schedule.Interval / 2 < LongestRetry ? _schedule.Interval / 2 : LongestRetry, cancel);
            return;
        }

        if (skipped > _skipped) Skip(skippedTime, skipped);
        _skipped = 0;
        if (outcome == WindowOutcome.Gone) _metrics.Service.Skipped(1);
        else _metrics.Service.WindowDone(_time.GetElapsedTime(started));
        _nursery.Tidy();
    }

    /// <summary>Told when it begins and, if more were lost while no window could be read, again when it ends.</summary>
    private void Skip(Window time, long windows)
    {
        Log.Skipped(_logger, windows, time.ToString(), Units.Text(_schedule.MaxCatchUp));
        _metrics.Service.Skipped(windows - _skipped);
        _skipped = windows;
    }

    private async Task WaitAsync(TimeSpan wait, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(Task.Delay(wait, _time, either.Token), _reloads.Reader.WaitToReadAsync(either.Token).AsTask());
        await either.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    private async Task RestoreAsync()
    {
        // Each candidate gets stages of its own: one that turns out to be damaged half-way must leave nothing behind.
        foreach (var read in _checkpoint.Candidates(_time.GetUtcNow() + _schedule.Interval + _schedule.Delay))
        {
            try
            {
                using var reader = read.Open();
                _pass.Load(reader);
                _checkpoint.Adopt(read);
                Log.Restored(_logger, read.File, _pass.LastEnd.ToString("O"));
                return;
            }
            catch (Exception e) when (e is IOException or InvalidDataException or ArgumentException or KeyNotFoundException or FormatException)
            {
                _checkpoint.Reject(read.File, "unreadable", e.Message);
                await _pass.DisposeAsync();
                (_pass, _schedule) = Build(_settings);
            }
        }
    }

    private async Task<string?> TryReloadAsync()
    {
        try
        {
            var settings = LoadSettings();
            await RebuildAsync(settings);
            _metrics.Service.Reloaded(good: true);
            Log.Reloaded(_logger, _options.ConfigName);
            return null;
        }
        catch (ConfigException e)
        {
            _metrics.Service.Reloaded(good: false);
            Log.ReloadRefused(_logger, e.Message);
            return e.Message;
        }
    }

    /// <summary>New stages that go on where the old ones stand: the same way as over a restart, so that it is exact for the same reasons.</summary>
    private async Task RebuildAsync(Settings settings)
    {
        using var state = _checkpoint.OpenLast();
        var old = _pass;
        (_pass, _schedule) = Build(settings);
        _settings = settings;
        await old.DisposeAsync();
        if (state is not null) _pass.Load(state);
    }

    private (Pass Pass, WindowSchedule Schedule) Build(Settings settings) => (
        new Pass(settings, _options.Listen.External, _checkpoint, _exposition, _metrics, _time, _loggers),
        new WindowSchedule(settings.Prometheus.Interval, settings.Prometheus.Delay, settings.Prometheus.MaxCatchUp));

    private Settings LoadSettings() => _options.ConfigFile is { } file ? ConfigLoader.Load(file) : new Settings();
}
