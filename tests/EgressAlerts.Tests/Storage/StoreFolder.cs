using EgressAlerts.Common;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.Data.Sqlite;

namespace EgressAlerts.Tests.Storage;

/// <summary>A folder with a store whose time moves by hand, what the store logs, and what it counts.</summary>
internal sealed class StoreFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public StoreFolder() => Store = Open();

    public HandTime Time { get; } = new();

    public ListLogger<Store> Log { get; } = new();

    public ListLogger<HourlyBackup> BackupLog { get; } = new();

    public MetricRegistry Metrics { get; private set; } = new();

    public Store Store { get; private set; }

    public string Path => _folder.Path;

    public string File => _folder.File(Store.FileName);

    public string Backup => _folder.File(Store.BackupName);

    /// <summary>Databases that were set aside.</summary>
    public IReadOnlyList<string> SetAside =>
    [
        .. Directory.GetFiles(Path, $"{Store.FileName}.*-*")
            .Where(file => !file.EndsWith("-wal", StringComparison.Ordinal) && !file.EndsWith("-shm", StringComparison.Ordinal)),
    ];

    public IReadOnlyList<string> Errors => [.. Log.Entries.Where(entry => entry.StartsWith("Error", StringComparison.Ordinal))];

    public void Dispose()
    {
        Store.Dispose();
        _folder.Dispose();
    }

    /// <summary>As another process would, beside the store that is open.</summary>
    public Store Open() => new(Path, new StorageMetrics(Metrics = new()), Time, Log);

    /// <summary>As after a restart of the service.</summary>
    /// <param name="meanwhile">What happens to the folder before the service starts again.</param>
    public void Reopen(Action? meanwhile = null)
    {
        Store.Dispose();
        meanwhile?.Invoke();
        Store = Open();
    }

    public HourlyBackup HourlyBackup() => new(Store, new StorageMetrics(Metrics = new()), Time, BackupLog);

    public double Failures(string reason) => Metrics.Sum("egress_alerts_storage_failures_total", reason);

    /// <summary>What a new set of stages would find.</summary>
    public IEnumerable<(string, int)> Things() => Store.Read().Table(Thing.Shape).Select(row => (row.Key, row.Value.Number)).Order();

    /// <summary>Runs a statement on the database from outside.</summary>
    public void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        EgressAlerts.Storage.Sql.Execute(connection, sql);
    }
}
