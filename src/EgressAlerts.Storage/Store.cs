using System.Globalization;
using System.Text.Json;
using EgressAlerts.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Storage;

/// <summary>The database of one folder: everything that the service knows as of the last committed window. Called by the pass alone.</summary>
/// <remarks>What the disk refuses stays in memory and is written with a later window. A database that turns out to be damaged, or that somebody deleted, is written
/// anew from memory. So nothing that was counted is lost while the process lives.</remarks>
public sealed class Store : IDisposable
{
    public const string FileName = "egress-alerts.db";
    public const string BackupName = "egress-alerts.backup.db";

    private readonly DatabaseFile _file;
    private readonly StorageMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FileStream? _lock;
    private readonly Changes _pending = new();

    /// <summary>The stages' tables that are in use, by the part of the database that each holds: together they hold all of it.</summary>
    private readonly Dictionary<string, ITouched> _owners = [];
    private SqliteConnection _connection;
    private string _failure = "";

    /// <exception cref="StoreException">The folder cannot be used, or its database is of a newer version.</exception>
    public Store(string folder, StorageMetrics metrics, TimeProvider time, ILogger<Store> logger)
    {
        (_metrics, _time, _logger) = (metrics, time, logger);
        _file = new DatabaseFile(Path.Combine(folder, FileName), metrics, time, logger);
        try
        {
            Directory.CreateDirectory(folder);
            _lock = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"--storage.path {folder} cannot be used ({e.Message}): is another egress-alerts running on it, or is it read-only?", e);
        }

        try
        {
            _connection = _file.Open();
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    private Store()
    {
        (_metrics, _time, _logger) = (new(new MetricRegistry()), TimeProvider.System, NullLogger.Instance);
        _file = new DatabaseFile("/nowhere", _metrics, _time, _logger);
        _connection = DatabaseFile.Connect(":memory:", SqliteOpenMode.ReadWriteCreate); // In the mode Memory, ATTACH would open no file either.
        DatabaseFile.Prepare(_connection);
    }

    /// <summary>A database that nobody else sees and that ends with this object, for tests and trials.</summary>
    public static Store InMemory() => new();

    public string FilePath => _file.Path;

    public string BackupPath => _file.Backup;

    /// <summary>Whether there is anything that could be set aside.</summary>
    public bool HasState => Convert.ToInt64(Sql.Scalar(_connection, "SELECT count(*) FROM cell"), CultureInfo.InvariantCulture) > 0;

    /// <summary>Why the last commit was refused by the disk, a word from a closed set; empty where it was not. For tests.</summary>
    internal string Failure => _failure;

    /// <summary>For tests, which set limits on it.</summary>
    internal SqliteConnection Connection => _connection;

    /// <summary>The state of a new set of stages: as of the last commit, also where the disk refused that.</summary>
    public StoredState Read() => new(this);

    /// <summary>Writes all that is committed into a new database, whole or not at all.</summary>
    /// <param name="file">Nothing may be there.</param>
    /// <exception cref="StoreException">It is there already, or cannot be written.</exception>
    public void SaveAs(string file)
    {
        var temporary = file + ".new";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            File.Delete(temporary);
            using (var connection = DatabaseFile.Connect(temporary, SqliteOpenMode.ReadWriteCreate)) _connection.BackupDatabase(connection);
            File.Move(temporary, file);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            Backups.TryDelete(temporary);
            throw new StoreException($"the database {file} cannot be written ({e.Message}): name an empty folder that this user may write to", e);
        }
    }

    /// <summary>Takes over all rows of some tables of another database, which may be in use. It is not changed in any way: a copy of it is read.</summary>
    /// <exception cref="StoreException">It cannot be read, or is of a newer version.</exception>
    public void TakeOver(string database, IEnumerable<string> tables)
    {
        var folder = Directory.CreateTempSubdirectory("egress-alerts-");
        try
        {
            var copy = Path.Combine(folder.FullName, FileName);
            foreach (var suffix in (string[])["", "-wal"])
            {
                if (File.Exists(database + suffix)) File.Copy(database + suffix, copy + suffix);
            }

            DatabaseFile.RefuseNewer(copy, database);
            using (var connection = DatabaseFile.Connect(copy, SqliteOpenMode.ReadWrite)) DatabaseFile.Prepare(connection);
            Sql.Execute(_connection, $"ATTACH '{Sql.Text(copy)}' AS other");
            foreach (var table in tables) Sql.Execute(_connection, $"INSERT OR REPLACE INTO main.{table} SELECT * FROM other.{table}");
            Sql.Execute(_connection, "DETACH other");
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"the database {database} cannot be read ({e.Message}): try again, or name a --storage.path without a database", e);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Sets the database aside under another name. What is read from now on is that of the backup, or nothing where there is none.</summary>
    /// <param name="reason">A word for the name of the file: <c>future</c> or <c>unreadable</c>.</param>
    /// <param name="message">Why, as a clause, for the log.</param>
    /// <exception cref="StoreException">It cannot be set aside.</exception>
    public void Replace(string reason, string message)
    {
        Close();
        _owners.Clear();
        _file.SetAside(reason, message);
        _connection = _file.OpenBackup();
    }

    public void Dispose()
    {
        Close();
        _lock?.Dispose();
    }

    /// <summary>A part of the database has a new owner.</summary>
    internal void Own(ITouched touched) => _owners[touched.Place] = touched;

    internal bool Commit(StoredState state)
    {
        var started = _time.GetTimestamp();
        foreach (var touched in state.Touched)
        {
            touched.TakeChanges(_pending);
            Own(touched);
        }

        var failure = TryWrite();
        if (failure.Length > 0) _metrics.Failed(failure);
        else if (_failure.Length > 0) Log.CommittedAgain(_logger, FilePath);
        _failure = failure;
        if (failure.Length == 0) _pending.Clear();
        _metrics.Committed(_time.GetElapsedTime(started), _pending.Count, _file.Size);
        return failure.Length == 0;
    }

    /// <returns>What the rows hold that can be read, and how many cannot.</returns>
    /// <exception cref="StoreException">The disk refuses it, or the database is damaged.</exception>
    internal (Dictionary<TKey, TState> States, int Lost) Load<TKey, TState>(Shape<TKey, TState> shape)
        where TKey : notnull
    {
        var (states, lost, reason) = (new Dictionary<TKey, TState>(), 0, "");
        try
        {
            foreach (var (key, state) in Sql.Rows(_connection, shape))
            {
                try
                {
                    states[shape.Key(key)] = shape.State(state);
                }
                catch (Exception e) when (e is JsonException or InvalidCastException or FormatException or ArgumentException or NotSupportedException or OverflowException)
                {
                    (lost, reason) = (lost + 1, e.Message);
                    _pending.Discard(shape, [.. key]);
                }
            }
        }
        catch (SqliteException e)
        {
            throw new StoreException($"the database {FilePath} cannot be read: {e.Message}", e);
        }

        foreach (var (key, state) in _pending.Of(shape))
        {
            if (state is null) states.Remove(key);
            else states[key] = shape.State(state);
        }

        if (lost == 0) return (states, 0);
        _metrics.Failed("unreadable");
        Log.Unreadable(_logger, lost, shape.Table, reason);
        return (states, lost);
    }

    /// <returns>Why it was refused; empty where it was not.</returns>
    private string TryWrite()
    {
        try
        {
            if (_lock is not null && !_file.Exists) throw new SqliteException("somebody has deleted it", SQLitePCL.raw.SQLITE_CORRUPT);
            using var transaction = _connection.BeginTransaction();
            _pending.Write(_connection);
            transaction.Commit();
            return "";
        }
        catch (SqliteException e) when (Sql.IsDamage(e) && TryWriteAnew(e.Message))
        {
            return "";
        }
        catch (SqliteException e)
        {
            var reason = Sql.Reason(e);
            if (reason != _failure) Log.NotCommitted(_logger, FilePath, e.Message);
            return reason;
        }
    }

    /// <summary>The statements go first: as long as there are any, SQLite keeps the files open, and would tidy up in the place of those that come next.</summary>
    private void Close()
    {
        _pending.Dispose();
        _connection.Dispose();
    }

    /// <summary>Writes everything that the stages know into a new database.</summary>
    private bool TryWriteAnew(string message)
    {
        var all = new Changes();
        foreach (var owner in _owners.Values) owner.TakeAll(all);
        if (!_file.TryMakeNew(all)) return false;
        Close();
        _file.SetAside("damaged", message);
        _connection = _file.OpenNew();
        Log.WrittenAnew(_logger, FilePath);
        return true;
    }
}
