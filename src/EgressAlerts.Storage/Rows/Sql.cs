using Microsoft.Data.Sqlite;

namespace EgressAlerts.Storage;

/// <summary>Runs statements, and tells why one failed.</summary>
internal static class Sql
{
    /// <param name="values">Those of the parameters <c>$1</c>, <c>$2</c> and so on.</param>
    public static void Execute(SqliteConnection connection, string sql, params IReadOnlyList<object> values)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Count; i++) command.Parameters.AddWithValue(FormattableString.Invariant($"${i + 1}"), values[i]);
        command.ExecuteNonQuery();
    }

    /// <summary>Escapes a text that stands between quotes in a statement.</summary>
    public static string Text(string text) => text.Replace("'", "''", StringComparison.Ordinal);

    public static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    /// <summary>Reads the rows of one kind of state. Both arrays are reused for the next row.</summary>
    public static IEnumerable<(object[] Key, object[] State)> Rows<TKey, TState>(SqliteConnection connection, Shape<TKey, TState> shape)
        where TKey : notnull
    {
        var columns = shape.KeyColumns.Concat(shape.StateColumns).ToList();
        using var command = connection.CreateCommand();
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
            yield return (key, state);
        }
    }

    /// <summary>Whether SQLite says that the file is not a database, or that it contradicts itself.</summary>
    public static bool IsDamage(SqliteException e) => e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB;

    /// <summary>Names the reason why a statement failed, as a word from a closed set.</summary>
    public static string Reason(SqliteException e) => e.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_FULL => "full",
        SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_PERM => "read_only",
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => "locked",
        _ when IsDamage(e) => "damaged",
        SQLitePCL.raw.SQLITE_IOERR => "io",
        _ => "other",
    };
}
