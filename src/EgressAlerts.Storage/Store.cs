using System.Globalization;
using System.Text.Json;
using EgressAlerts.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Storage;

/// <summary>The database of one folder: everything that the service knows as of the last committed window. Called by the pass alone.</summary>
/// <remarks>
/// Rows that the disk refuses stay in memory and are written with a later window. A database that turns out to be damaged, or that somebody deleted, is
/// written anew from memory. So nothing that was counted is lost while the process lives.
/// </remarks>
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

    /// <summary>The stages' tables that are in use, by the part of the database that each holds. Together they hold all of it.</summary>
    private readonly Dictionary<string, ITouched> _owners = [];
    private SqliteConnection _connection;
    private string _failure = "";

    /// <summary>Whether no file is open, because a new database could not take its place. Everything then waits in memory.</summary>
    private bool _isDetached;

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
            throw new StoreException(
                $"--storage.path {folder} cannot be used ({e.Message}): is another egress-alerts running on it, or is it read-only?", e);
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
        _connection = DatabaseFile.OpenInMemory();
    }

    /// <summary>Makes a database that nobody else sees and that ends with this object, for tests and backtests.</summary>
    public static Store InMemory() => new();

    public string FilePath => _file.Path;

    public string BackupPath => _file.Backup;

    /// <summary>Whether there is anything that could be set aside.</summary>
    public bool HasState => Convert.ToInt64(Sql.Scalar(_connection, "SELECT count(*) FROM cell"), CultureInfo.InvariantCulture) > 0;

    /// <summary>Why the disk refused the last commit, as a word from a closed set. It is empty where the commit succeeded. For tests.</summary>
    internal string Failure => _failure;

    /// <summary>The connection, so that tests can set limits on it.</summary>
    internal SqliteConnection Connection => _connection;

    /// <summary>Reads the state for a new set of stages. It is that of the last commit, even where the disk refused that commit.</summary>
    public StoredState Read() => new(this);

    /// <summary>Copies everything that is committed into a new database, whole or not at all.</summary>
    /// <param name="file">The new database. No file of this name may exist.</param>
    /// <exception cref="StoreException">The file exists already, or cannot be written.</exception>
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

    /// <summary>Takes over all rows of some tables of another database, which may be in use. It reads a copy, so the other database does not change.</summary>
    /// <exception cref="StoreException">The other database cannot be read, or is of a newer version.</exception>
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

    /// <summary>Reads rows as of the last commit that the disk took.</summary>
    /// <param name="sql">A SELECT without parameters.</param>
    public IEnumerable<object[]> Rows(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var values = new object[reader.FieldCount];
            reader.GetValues(values);
            yield return values;
        }
    }

    /// <summary>Changes rows of any tables, all of them or none. State that was read before is out of date then.</summary>
    /// <param name="statements">Each with the values of its parameters <c>$1</c>, <c>$2</c> and so on.</param>
    /// <returns>False where nothing has changed, because the disk refuses to write, now or lately.</returns>
    public bool TryRewrite(IReadOnlyList<(string Sql, object[] Values)> statements)
    {
        if (_failure.Length > 0) return false;
        try
        {
            using var transaction = _connection.BeginTransaction();
            foreach (var (sql, values) in statements) Sql.Execute(_connection, sql, values);
            transaction.Commit();
            return true;
        }
        catch (SqliteException e)
        {
            Log.NotCommitted(_logger, FilePath, e.Message);
            return false;
        }
    }

    /// <summary>Sets the database aside under another name and opens the backup in its place, or an empty database where there is no backup.</summary>
    /// <param name="reason">A word for the name of the file: <c>damaged</c>, <c>future</c> or <c>unreadable</c>.</param>
    /// <param name="message">What is wrong with the database, as a clause for the log.</param>
    /// <exception cref="StoreException">The database cannot be set aside.</exception>
    public void Replace(string reason, string message)
    {
        Close();
        _owners.Clear();
        _file.SetAside(reason, message);
        _connection = _file.OpenBackup();
        _isDetached = false;
    }

    public void Dispose()
    {
        Close();
        _lock?.Dispose();
    }

    /// <summary>Notes the table that holds a part of the database from now on.</summary>
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

    /// <returns>The states of the rows that can be read, and the number of rows that cannot.</returns>
    /// <exception cref="StoreException">The disk refuses to read, or the database is damaged.</exception>
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
                catch (Exception e) when (IsUnreadable(e))
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

    /// <summary>Whether a shape throws this for values that are not what it wrote.</summary>
    private static bool IsUnreadable(Exception e) => e is JsonException or InvalidCastException or FormatException
        or ArgumentException or NotSupportedException or OverflowException;

    /// <returns>Why the disk refused to write, as a word from a closed set. It is empty where everything was written.</returns>
    private string TryWrite()
    {
        try
        {
            var isGone = _lock is not null && (_isDetached || !_file.Exists);
            if (isGone) throw new SqliteException("somebody has deleted it", SQLitePCL.raw.SQLITE_CORRUPT);
            using var transaction = _connection.BeginTransaction();
            _pending.Write(_connection);
            transaction.Commit();
            return "";
        }
        catch (SqliteException e)
        {
            var error = e.Message;
            if (Sql.IsDamage(e) && TryWriteAnew(ref error)) return "";
            var reason = Sql.Reason(e);
            if (reason != _failure) Log.NotCommitted(_logger, FilePath, error);
            return reason;
        }
    }

    /// <summary>Closes the database. The statements go first: while there are any, SQLite keeps the files open.</summary>
    private void Close()
    {
        _pending.Dispose();
        _connection.Dispose();
    }

    /// <summary>Writes everything that the stages know into a new database, and sets the damaged one aside.</summary>
    /// <remarks>
    /// The old connection closes before any file gets another name. SQLite deletes the write-ahead log by its name when it closes, and would delete that of
    /// the new database. If the new database then cannot take its place, the rows wait in memory, and the next commit tries again.
    /// </remarks>
    /// <param name="error">What is wrong with the database. Where the new one cannot take its place, this becomes the reason.</param>
    private bool TryWriteAnew(ref string error)
    {
        var all = new Changes();
        foreach (var owner in _owners.Values) owner.TakeAll(all);
        if (!_file.TryMakeNew(all)) return false;
        Close();
        try
        {
            _file.SetAside("damaged", error);
            _connection = _file.OpenNew();
            _isDetached = false;
            Log.WrittenAnew(_logger, FilePath);
            return true;
        }
        catch (StoreException e)
        {
            error = e.Message;
            _connection = DatabaseFile.OpenInMemory();
            _isDetached = true;
            foreach (var owner in _owners.Values) owner.TakeAll(_pending);
            return false;
        }
    }
}
