using System.Globalization;
using System.Text.Json;
using EgressAlerts.Measuring;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Storage;

/// <summary>The database of one folder: everything that the service knows as of the last committed window. Called by the pass alone.</summary>
/// <remarks>What the disk refuses stays in memory and is written with a later window, so nothing that was counted is lost while the process lives.</remarks>
public sealed class Store : IDisposable
{
    public const string FileName = "egress-alerts.db";
    public const string BackupName = "egress-alerts.backup.db";

    /// <summary>A window touches rows all over the tables: small pages mean that little else is written with them.</summary>
    private const int PageBytes = 1024;

    /// <summary>The write-ahead log grows to this size before its pages are moved to their places, so that a page that each window touches is moved once for many.</summary>
    private const int LogBytes = 32 * 1024 * 1024;

    /// <summary>So many pages that a window touches need not be read again.</summary>
    private const int CacheBytes = 8 * 1024 * 1024;

    private readonly string _file;
    private readonly StorageMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FileStream? _lock;
    private readonly Changes _pending = new();
    private SqliteConnection _connection;
    private string _failure = "";

    /// <exception cref="StoreException">The folder cannot be used, or its database is of a newer version.</exception>
    public Store(string folder, StorageMetrics metrics, TimeProvider time, ILogger<Store> logger)
    {
        (_file, _metrics, _time, _logger) = (Path.Combine(folder, FileName), metrics, time, logger);
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
            RefuseNewer(_file);
            _connection = TryOpen(_file) ?? OpenBackup();
            if (BackedUpAt > DateTimeOffset.MinValue) _metrics.BackedUp(BackedUpAt);
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    private Store()
    {
        (_file, _metrics, _time, _logger) = (":memory:", new(new MetricRegistry()), TimeProvider.System, NullLogger.Instance);
        _connection = Connect(_file, SqliteOpenMode.Memory);
        Prepare(_connection);
    }

    /// <summary>A database that nobody else sees and that ends with this object, for tests and trials.</summary>
    public static Store InMemory() => new();

    /// <summary>Why the last commit was refused by the disk, a word from a closed set; empty where it was not.</summary>
    public string Failure => _failure;

    public string FilePath => _file;

    /// <summary>Whether there is anything that could be set aside.</summary>
    public bool HasState => Convert.ToInt64(Sql.Scalar(_connection, "SELECT count(*) FROM cell"), CultureInfo.InvariantCulture) > 0;

    /// <summary>When the hourly backup was made; the least value where there is none.</summary>
    public DateTimeOffset BackedUpAt => File.Exists(BackupFile) ? File.GetLastWriteTimeUtc(BackupFile) : DateTimeOffset.MinValue;

    /// <summary>For tests, which set limits on it.</summary>
    internal SqliteConnection Connection => _connection;

    private string BackupFile => Path.Combine(Path.GetDirectoryName(_file)!, BackupName);

    /// <summary>The state of a new set of stages: as of the last commit, also where the disk refused that.</summary>
    public StoredState Read() => new(this);

    /// <summary>Sets the database aside under another name. What is read from now on is that of the backup, or nothing where there is none.</summary>
    /// <param name="reason">A word for the name of the file: <c>future</c> or <c>unreadable</c>.</param>
    /// <param name="message">Why, as a clause, for the log.</param>
    /// <exception cref="StoreException">It cannot be set aside.</exception>
    public void Replace(string reason, string message)
    {
        _pending.Dispose();
        _connection.Dispose();
        SetAside(reason, message);
        _connection = OpenBackup();
    }

    /// <summary>Writes a copy of a database as of its last commit, whole or not at all. Any process may do so at any time.</summary>
    /// <exception cref="StoreException">There is no database, or the copy cannot be written; the message says why.</exception>
    public static void BackUp(string database, string file)
    {
        if (!File.Exists(database)) throw new StoreException($"there is no database {database} to back up: --storage.path must name the folder that the service uses");
        if (Path.GetFullPath(file) == Path.GetFullPath(database)) throw new StoreException($"the backup {file} would replace the database itself: name another file");
        var temporary = file + ".new";
        try
        {
            File.Delete(temporary);
            using (var connection = Connect(database, SqliteOpenMode.ReadOnly)) Sql.Execute(connection, $"VACUUM INTO '{temporary.Replace("'", "''", StringComparison.Ordinal)}'");
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary); // What there is of it would take room on a disk that is full.
            throw new StoreException($"the backup {file} of {database} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Makes the hourly backup beside the database. A failure is logged once and counted.</summary>
    /// <returns>False where it failed.</returns>
    internal bool TryBackUp(bool failedBefore)
    {
        try
        {
            BackUp(_file, BackupFile);
            if (failedBefore) Log.BackupWorks(_logger);
            _metrics.BackedUp(_time.GetUtcNow());
            return true;
        }
        catch (StoreException e)
        {
            _metrics.Failed("backup");
            if (!failedBefore) Log.BackupFailed(_logger, e.Message);
            return false;
        }
    }

    public void Dispose()
    {
        _pending.Dispose();
        _connection.Dispose();
        _lock?.Dispose();
    }

    internal bool Commit(StoredState state)
    {
        var started = _time.GetTimestamp();
        foreach (var touched in state.Touched) touched.TakeChanges(_pending);
        var failure = TryWrite();
        if (failure.Length > 0) _metrics.Failed(failure);
        else if (_failure.Length > 0) Log.CommittedAgain(_logger, _file);
        _failure = failure;
        if (failure.Length == 0) _pending.Clear();
        _metrics.Committed(_time.GetElapsedTime(started), _pending.Count, Size());
        return failure.Length == 0;
    }

    internal (Dictionary<TKey, TState> States, int Lost) Load<TKey, TState>(Shape<TKey, TState> shape)
        where TKey : notnull
    {
        var (states, lost, reason) = (new Dictionary<TKey, TState>(), 0, "");
        var columns = shape.KeyColumns.Concat(shape.StateColumns).ToList();
        using (var command = _connection.CreateCommand())
        {
            command.CommandText = $"SELECT {string.Join(", ", columns)} FROM {shape.Table}";
            if (shape.Part is { } part)
            {
                command.CommandText += $" WHERE {part.Column} = $1";
                command.Parameters.AddWithValue("$1", part.Value);
            }

            using var reader = command.ExecuteReader();
            var (key, state) = (new object[shape.KeyColumns.Count], new object[shape.StateColumns.Count]);
            while (reader.Read())
            {
                for (var i = 0; i < columns.Count; i++) (i < key.Length ? ref key[i] : ref state[i - key.Length]) = reader.GetValue(i);
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

    private string TryWrite()
    {
        try
        {
            using var transaction = _connection.BeginTransaction();
            _pending.Write(_connection);
            transaction.Commit();
            return "";
        }
        catch (SqliteException e)
        {
            var reason = Sql.Reason(e);
            if (reason != _failure) Log.NotCommitted(_logger, _file, e.Message);
            return reason;
        }
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next backup tries again.
        }
    }

    private long Size() => ((string[])[_file, _file + "-wal"]).Sum(file => new FileInfo(file) is { Exists: true } info ? info.Length : 0);

    private static SqliteConnection Connect(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false, DefaultTimeout = 1 }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Prepare(SqliteConnection connection)
    {
        Sql.Execute(connection, $"PRAGMA page_size = {PageBytes}");
        Sql.Execute(connection, "PRAGMA journal_mode = WAL");
        Sql.Execute(connection, "PRAGMA synchronous = FULL");
        Sql.Execute(connection, $"PRAGMA cache_size = -{CacheBytes / 1024}");
        Sql.Execute(connection, $"PRAGMA wal_autocheckpoint = {LogBytes / PageBytes}");
        var check = Sql.Scalar(connection, "PRAGMA quick_check(1)");
        if (check as string != "ok") throw new SqliteException($"{check}", SQLitePCL.raw.SQLITE_CORRUPT);
        Migrations.Run(connection);
    }

    /// <summary>Looks before anything is written.</summary>
    private static void RefuseNewer(string file)
    {
        if (!File.Exists(file)) return;
        int version;
        try
        {
            using var connection = Connect(file, SqliteOpenMode.ReadOnly);
            version = Migrations.VersionOf(connection);
        }
        catch (SqliteException)
        {
            return; // What is wrong with it is said when it is opened.
        }

        if (version > Migrations.Latest)
        {
            throw new StoreException(
                $"the database {file} is of a newer egress-alerts (its version is {version}, this program's {Migrations.Latest}): run the newer program, "
                + "restore a backup of this version, or name another --storage.path to begin anew");
        }
    }

    private SqliteConnection OpenBackup()
    {
        if (File.Exists(BackupFile))
        {
            RefuseNewer(BackupFile);
            File.Move(BackupFile, _file); // The next one comes within the hour. Should this one be bad too, it is set aside and not met again.
            Log.BackupOpened(_logger, BackupFile, File.GetLastWriteTimeUtc(_file));
            if (TryOpen(_file) is { } connection) return connection;
        }

        return TryOpen(_file) ?? throw new StoreException($"a new database {_file} cannot be opened: is the disk in order?");
    }

    /// <summary>Null where there was a database that is damaged: it has been set aside.</summary>
    private SqliteConnection? TryOpen(string file)
    {
        SqliteConnection? connection = null;
        try
        {
            connection = Connect(file, SqliteOpenMode.ReadWriteCreate);

            // SQLite opens a file that it may not write for reading alone, and says nothing.
            if (SQLitePCL.raw.sqlite3_db_readonly(connection.Handle, "main") == 1) throw new SqliteException("it may only be read", SQLitePCL.raw.SQLITE_READONLY);
            Prepare(connection);
            return connection;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB)
        {
            connection?.Dispose();
            SetAside("damaged", e.Message);
            return null;
        }
        catch (SqliteException e)
        {
            connection?.Dispose();
            throw new StoreException($"the database {file} cannot be opened ({e.Message}): let this user read and write it, see that the disk has room, or name another --storage.path", e);
        }
    }

    private void SetAside(string reason, string message)
    {
        var first = string.Create(CultureInfo.InvariantCulture, $"{_file}.{reason}-{_time.GetUtcNow():yyyyMMdd'T'HHmmss}");
        var aside = first;
        for (var i = 2; File.Exists(aside); i++) aside = string.Create(CultureInfo.InvariantCulture, $"{first}-{i}"); // A bad backup follows within a second.
        try
        {
            foreach (var part in (string[])["", "-wal", "-shm"])
            {
                if (File.Exists(_file + part)) File.Move(_file + part, aside + part);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"the database {_file} cannot be used ({message}) and cannot be set aside as {aside} ({e.Message}): move it away to begin anew", e);
        }

        _metrics.Failed(reason);
        Log.SetAside(_logger, _file, message, aside);
    }
}
