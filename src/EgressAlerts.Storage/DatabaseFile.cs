using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using static SQLitePCL.raw;

namespace EgressAlerts.Storage;

/// <summary>The database's file: opens it, sets it aside when it is damaged, and then opens the backup that lies beside it. Called by the pass alone.</summary>
internal sealed class DatabaseFile(string path, StorageMetrics metrics, TimeProvider time, ILogger logger)
{
    /// <summary>A window touches rows all over the tables: small pages mean that little else is written with them.</summary>
    private const int PageBytes = 1024;

    /// <summary>The write-ahead log grows to this size before its pages are moved to their places, so that a page that each window touches is moved once for many.</summary>
    private const int LogBytes = 32 * 1024 * 1024;

    /// <summary>So many pages that a window touches need not be read again.</summary>
    private const int CacheBytes = 8 * 1024 * 1024;

    /// <summary>A database is these files. The write-ahead log and the shared memory are there while it is open, and after a crash.</summary>
    private static readonly string[] Suffixes = ["", "-wal", "-shm"];

    public string Path => path;

    public string Backup { get; } = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, Store.BackupName);

    private string New => path + ".new";

    /// <summary>False where somebody has deleted or moved it since it was opened.</summary>
    public bool Exists => File.Exists(path);

    /// <summary>In bytes, with the write-ahead log.</summary>
    public long Size => Suffixes[..2].Sum(suffix => new FileInfo(path + suffix) is { Exists: true } file ? file.Length : 0);

    /// <summary>Opens the database, or the backup where the database is damaged, or a new one where that is too.</summary>
    /// <exception cref="StoreException">It is of a newer version, or the disk refuses it.</exception>
    public SqliteConnection Open()
    {
        RefuseNewer(path);
        return TryOpen() ?? OpenBackup();
    }

    /// <summary>Opens the backup in place of the database, or a new one where there is none. The database has been set aside.</summary>
    /// <exception cref="StoreException">It is of a newer version, or the disk refuses it.</exception>
    public SqliteConnection OpenBackup()
    {
        if (File.Exists(Backup))
        {
            RefuseNewer(Backup);
            File.Move(Backup, path); // The next one comes within the hour. Should this one be bad too, it is set aside and not met again.
            Log.BackupOpened(logger, Backup, File.GetLastWriteTimeUtc(path));
            if (TryOpen() is { } connection) return connection;
        }

        return TryOpen() ?? throw new StoreException($"a new database {path} cannot be opened: is the disk in order?");
    }

    /// <summary>Gives the database another name, with what belongs to it. Nobody may have it open.</summary>
    /// <param name="reason">A word for the new name.</param>
    /// <param name="message">Why, as a clause, for the log.</param>
    /// <exception cref="StoreException">The folder cannot be written.</exception>
    public void SetAside(string reason, string message)
    {
        var first = string.Create(CultureInfo.InvariantCulture, $"{path}.{reason}-{time.GetUtcNow():yyyyMMdd'T'HHmmss}");
        var aside = first;
        for (var i = 2; File.Exists(aside); i++) aside = string.Create(CultureInfo.InvariantCulture, $"{first}-{i}"); // A bad backup follows within a second.
        try
        {
            foreach (var suffix in Suffixes)
            {
                if (File.Exists(path + suffix)) File.Move(path + suffix, aside + suffix);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"the database {path} cannot be used ({message}) and cannot be set aside as {aside} ({e.Message}): move it away to begin anew", e);
        }

        metrics.Failed(reason);
        Log.SetAside(logger, path, message, aside);
    }

    /// <summary>Makes a database beside this one that holds these rows, to be put in its place.</summary>
    /// <param name="rows">Their statements are disposed of.</param>
    /// <returns>False where the disk refuses it.</returns>
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
            DeleteNew(); // What there is of it would take room on a disk that is full.
            return false;
        }
    }

    /// <summary>Opens the database that <see cref="TryMakeNew"/> made in place of the one that is there. Nobody may have that one open.</summary>
    /// <exception cref="StoreException">The disk refuses it.</exception>
    public SqliteConnection OpenNew()
    {
        File.Move(New, path);
        return Open();
    }

    /// <exception cref="SqliteException">It cannot be opened. SQLite looks into the file only when something is read or written.</exception>
    public static SqliteConnection Connect(string file, SqliteOpenMode mode)
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

    /// <summary>Checks a database and brings it to the version of this program.</summary>
    /// <exception cref="SqliteException">It is damaged, or the disk refuses it.</exception>
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

    /// <summary>Looks before anything is written.</summary>
    /// <param name="name">What the database is called in the error, if it is not this file.</param>
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
            return; // What is wrong with it is said when it is opened.
        }

        if (version > Migrations.Latest)
        {
            throw new StoreException(
                $"the database {name ?? file} is of a newer egress-alerts (its version is {version}, this program's {Migrations.Latest}): run the newer program, "
                + "restore a backup of this version, or name another --storage.path to begin anew");
        }
    }

    private void DeleteNew()
    {
        foreach (var suffix in Suffixes) Backups.TryDelete(New + suffix);
    }

    /// <summary>Null where there was a database that is damaged: it has been set aside.</summary>
    private SqliteConnection? TryOpen()
    {
        SqliteConnection? connection = null;
        try
        {
            connection = Connect(path, SqliteOpenMode.ReadWriteCreate);

            // SQLite opens a file that it may not write for reading alone, and says nothing.
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
            throw new StoreException($"the database {path} cannot be opened ({e.Message}): let this user read and write it, see that the disk has room, or name another --storage.path", e);
        }
    }
}
