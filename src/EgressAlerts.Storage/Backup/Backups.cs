using Microsoft.Data.Sqlite;

namespace EgressAlerts.Storage;

/// <summary>Makes copies of a database as of its last commit. Any process may make one at any time.</summary>
public static class Backups
{
    /// <summary>Writes a copy, whole or not at all. A copy that is there already is replaced.</summary>
    /// <exception cref="StoreException">There is no database, or the copy cannot be written. The message says why.</exception>
    public static void Make(string database, string file)
    {
        if (!File.Exists(database))
        {
            throw new StoreException($"there is no database {database} to back up: --storage.path must name the folder that the service uses");
        }

        if (Path.GetFullPath(file) == Path.GetFullPath(database))
        {
            throw new StoreException($"the backup {file} would replace the database itself: name another file");
        }

        var temporary = file + ".new";
        try
        {
            File.Delete(temporary);
            using (var connection = DatabaseFile.Connect(database, SqliteOpenMode.ReadOnly))
            {
                Sql.Execute(connection, $"VACUUM INTO '{Sql.Text(temporary)}'");
            }

            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary); // A part of a copy would take room on a disk that is full.
            throw new StoreException($"the backup {file} of {database} cannot be written: {e.Message}", e);
        }
    }

    internal static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whoever writes it next tries again.
        }
    }
}
