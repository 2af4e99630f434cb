using Microsoft.Data.Sqlite;

namespace EgressAlerts.Storage;

/// <summary>Reads what is committed, beside the pass that writes. Any thread. Each call has a connection of its own, and never holds the pass up, because
/// readers of a write-ahead log and its writer do not wait for each other.</summary>
public sealed class CommittedRows(string folder)
{
    private readonly string _path = Path.Combine(folder, Store.FileName);

    /// <param name="sql">A SELECT with parameters <c>$1</c>, <c>$2</c> and so on. It bounds the number of rows.</param>
    /// <param name="row">Makes a row of its columns.</param>
    /// <returns>Nothing where the database cannot be read: then what pages show of it is missing, and the pass reports the reason.</returns>
    public IReadOnlyList<T> Read<T>(string sql, Func<SqliteDataReader, T> row, params IReadOnlyList<object> values)
    {
        try
        {
            using var connection = DatabaseFile.Connect(_path, SqliteOpenMode.ReadOnly);
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Count; i++) command.Parameters.AddWithValue(FormattableString.Invariant($"${i + 1}"), values[i]);
            using var reader = command.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read()) rows.Add(row(reader));
            return rows;
        }
        catch (SqliteException)
        {
            return [];
        }
    }
}
