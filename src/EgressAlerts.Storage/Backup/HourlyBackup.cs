using Microsoft.Extensions.Logging;

namespace EgressAlerts.Storage;

/// <summary>Keeps a copy of the database that is at most an hour old, for the case that the database is damaged. Called by the pass alone.</summary>
public sealed class HourlyBackup : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    private readonly string _database;
    private readonly string _file;
    private readonly StorageMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private DateTimeOffset _next;
    private Task _backup = Task.CompletedTask;
    private bool _fails;

    /// <param name="store">A store that is open.</param>
    public HourlyBackup(Store store, StorageMetrics metrics, TimeProvider time, ILogger<HourlyBackup> logger)
    {
        (_database, _file, _metrics, _time, _logger) = (store.FilePath, store.BackupPath, metrics, time, logger);
        if (!File.Exists(_file)) return;
        DateTimeOffset made = File.GetLastWriteTimeUtc(_file);
        metrics.BackedUp(made);
        if (made <= time.GetUtcNow()) _next = made + Every; // A clock that was wrong must not keep backups away.
    }

    /// <summary>Begins a copy in the background if the last copy is an hour old. The first failure is logged, and each is counted.</summary>
    public void BeginIfDue()
    {
        var now = _time.GetUtcNow();
        if (now < _next || !_backup.IsCompleted) return;
        _next = now + Every;
        _backup = Task.Run(TryMake);
    }

    /// <summary>Waits for a copy that has begun.</summary>
    public async ValueTask DisposeAsync() => await _backup;

    private void TryMake()
    {
        try
        {
            Backups.Make(_database, _file);
            _metrics.BackedUp(_time.GetUtcNow());
            if (_fails) Log.BackupWorks(_logger);
            _fails = false;
        }
#pragma warning disable CA1031 // Whatever goes wrong with a copy, the service goes on, and the next copy is tried an hour later.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _metrics.Failed("backup");
            if (!_fails) Log.BackupFailed(_logger, e.Message);
            _fails = true;
        }
    }
}
