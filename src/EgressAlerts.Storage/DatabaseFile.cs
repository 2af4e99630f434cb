using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using static SQLitePCL.raw;

namespace EgressAlerts.Storage;

/// <summary>Opens the file of the database. Where it is damaged, sets it aside and opens the backup that lies beside it. Called by the pass alone.</summary>
internal sealed class DatabaseFile(string path, StorageMetrics metrics, TimeProvider time, ILogger logger)
{
    /// <summary>Pages are small because a window touches rows all over the tables. So few other rows are written with them.</summary>
    private const int PageBytes = 1024;

    /// <summary>The write-ahead log grows to this size before its pages move to the database. A page that each window touches then moves only once.</summary>
    private const int LogBytes = 32 * 1024 * 1024;

    /// <summary>The memory for pages that need not be read again in the next window.</summary>
    private const int CacheBytes = 8 * 1024 * 1024;

    /// <summary>The files of a database. The write-ahead log and the shared memory exist while it is open, and after a crash.</summary>
    private static readonly string[] Suffixes = ["", "-wal", "-shm"];

    public string Path => path;

    public string Backup { get; } = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, Store.BackupName);

    private string New => path + ".new";

    /// <summary>Whether the file is there. Somebody may have deleted or moved it since it was opened.</summary>
    public bool Exists => File.Exists(path);

    /// <summary>The size in bytes, with that of the write-ahead log.</summary>
    public long Size => Suffixes[..2].Sum(suffix => new FileInfo(path + suffix) is { Exists: true } file ? file.Length : 0);

    /// <summary>Opens the database. Where it is damaged, opens the backup, and where that is damaged too, a new database.</summary>
    /// <exception cref="StoreException">A database is of a newer version, or the disk refuses to open it.</exception>
    public SqliteConnection Open()
    {
        RefuseNewer(path);
        return TryOpen() ?? OpenBackup();
    }

    /// <summary>Opens the backup in place of a database that was set aside. Where there is no backup, opens a new database.</summary>
    /// <exception cref="StoreException">The backup is of a newer version, or the disk refuses to open it.</exception>
    public SqliteConnection OpenBackup()
    {
        if (File.Exists(Backup))
        {
            RefuseNewer(Backup);
            File.Move(Backup, path); // The next backup comes within the hour. If this one is damaged too, it is set aside and does not come up again.
            Log.BackupOpened(logger, Backup, File.GetLastWriteTimeUtc(path));
            if (TryOpen() is { } connection) return connection;
        }

        return TryOpen() ?? throw new StoreException($"a new database {path} cannot be opened: is the disk in order?");
    }

    /// <summary>Gives all files of the database another name, if there are any. Nobody may have it open.</summary>
    /// <param name="reason">A word for the new name, and the label of the metric.</param>
    /// <param name="message">What is wrong with the database, as a clause for the log.</param>
    /// <exception cref="StoreException">The folder cannot be written.</exception>
    public void SetAside(string reason, string message)
    {
        var first = string.Create(CultureInfo.InvariantCulture, $"{path}.{reason}-{time.GetUtcNow():yyyyMMdd'T'HHmmss}");
        var aside = first;

        // A damaged backup follows within the same second.
        for (var i = 2; File.Exists(aside); i++) aside = string.Create(CultureInfo.InvariantCulture, $"{first}-{i}");
        var files = Suffixes.Where(suffix => File.Exists(path + suffix)).ToList();
        try
        {
            foreach (var suffix in files) File.Move(path + suffix, aside + suffix);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(
                $"the database {path} cannot be used ({message}) and cannot be set aside as {aside} ({e.Message}): move it away to begin anew", e);
        }

        metrics.Failed(reason);
        if (files.Count > 0) Log.SetAside(logger, path, message, aside);
    }

    /// <summary>Makes a database with these rows beside the present one. <see cref="OpenNew"/> puts it in place.</summary>
    /// <param name="rows">The rows of all tables. They are empty afterwards.</param>
    /// <returns>False where the disk refuses to write.</returns>
    public bool TryMakeNew(Changes rows)
    {
        try
        {
            DeleteNew();
            using var connection = Connect(New, SqliteOpenMode.ReadWriteCreate);
            using var statements = rows;
            Prepare(connection);
            using var transaction = connection.BeginTransaction();
            rows.Write(connection);
            transaction.Commit();
            return true;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            DeleteNew(); // A part of a database would take room on a disk that is full.
            return false;
        }
    }

    /// <summary>Puts the database that <see cref="TryMakeNew"/> made in place of the one that was set aside, and opens it.</summary>
    /// <exception cref="StoreException">The disk refuses to rename or to open it.</exception>
    public SqliteConnection OpenNew()
    {
        try
        {
            File.Move(New, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            DeleteNew();
            throw new StoreException($"a new database cannot take the place of {path}: {e.Message}", e);
        }

        return Open();
    }

    /// <summary>Opens an empty database in memory, with all tables.</summary>
    public static SqliteConnection OpenInMemory()
    {
        var connection = Connect(":memory:", SqliteOpenMode.ReadWriteCreate); // In the mode Memory, ATTACH would open no file.
        Prepare(connection);
        return connection;
    }

    /// <summary>Opens a file without a look into it: SQLite reads it only when something is asked.</summary>
    /// <exception cref="SqliteException">The file cannot be opened.</exception>
    public static SqliteConnection Connect(string file, SqliteOpenMode mode)
    {
        var settings = new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false, DefaultTimeout = 1 };
        var connection = new SqliteConnection(settings.ToString());
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

    /// <summary>Checks a database and brings it to the version of this program.</summary>
    /// <exception cref="SqliteException">The database is damaged, or the disk refuses to write.</exception>
    public static void Prepare(SqliteConnection connection)
    {
        Sql.Execute(connection, $"PRAGMA page_size = {PageBytes}");
        Sql.Execute(connection, "PRAGMA journal_mode = WAL");
        Sql.Execute(connection, "PRAGMA synchronous = FULL");
        Sql.Execute(connection, $"PRAGMA cache_size = -{CacheBytes / 1024}");
        Sql.Execute(connection, $"PRAGMA wal_autocheckpoint = {LogBytes / PageBytes}");
        var check = Sql.Scalar(connection, "PRAGMA quick_check(1)");
        if (check as string != "ok") throw new SqliteException($"{check}", SQLITE_CORRUPT);
        Migrations.Run(connection);
    }

    /// <summary>Refuses a database of a newer version. It writes nothing.</summary>
    /// <param name="name">The name of the database in the error, where it differs from <paramref name="file"/>.</param>
    /// <exception cref="StoreException">The database is of a newer version.</exception>
    internal static void RefuseNewer(string file, string? name = null)
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
            return; // Opening it will say what is wrong.
        }

        if (version > Migrations.Latest)
        {
            throw new StoreException(
                $"the database {name ?? file} is of a newer egress-alerts (its version is {version}, this program's {Migrations.Latest}): "
                + "run the newer program, restore a backup of this version, or name another --storage.path to begin anew");
        }
    }

    private void DeleteNew()
    {
        foreach (var suffix in Suffixes) Backups.TryDelete(New + suffix);
    }

    /// <summary>Opens the database, or makes one where there is none.</summary>
    /// <returns>Null where the database was damaged. It has been set aside.</returns>
    /// <exception cref="StoreException">The disk refuses to open it.</exception>
    private SqliteConnection? TryOpen()
    {
        SqliteConnection? connection = null;
        try
        {
            connection = Connect(path, SqliteOpenMode.ReadWriteCreate);

            // SQLite opens a file that it may not write in read-only mode, without an error.
            if (sqlite3_db_readonly(connection.Handle, "main") == 1) throw new SqliteException("it may only be read", SQLITE_READONLY);
            Prepare(connection);
            return connection;
        }
        catch (SqliteException e) when (Sql.IsDamage(e))
        {
            connection?.Dispose();
            SetAside("damaged", e.Message);
            return null;
        }
        catch (SqliteException e)
        {
            connection?.Dispose();
            throw new StoreException(
                $"the database {path} cannot be opened ({e.Message}): "
                + "let this user read and write it, see that the disk has room, or name another --storage.path",
                e);
        }
    }
}
