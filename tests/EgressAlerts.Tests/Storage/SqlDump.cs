using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using EgressAlerts.Storage;
using Microsoft.Data.Sqlite;

namespace EgressAlerts.Tests.Storage;

/// <summary>A database as statements that make it, as <c>sqlite3 FILE .dump</c> writes them, in an order that is always the same.</summary>
internal static partial class SqlDump
{
    public static string Of(string file)
    {
        using var connection = Open(file, SqliteOpenMode.ReadOnly);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Migrations.VersionOf(connection)};\nBEGIN TRANSACTION;\n\n");
        var all = Read(connection, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type = 'table' DESC, rowid");
        foreach (var row in all.Where(row => row[0] == "table")) text.Append(row[2]).Append(";\n");
        text.Append('\n');
        foreach (var row in all.Where(row => row[0] == "table"))
        {
            var columns = Read(connection, $"SELECT name FROM pragma_table_info('{row[1]}')").Select(column => column[0]).ToList();
            foreach (var values in Read(connection, $"SELECT {string.Join(", ", columns.Select(column => $"quote({column})"))} FROM {row[1]}"))
                text.Append(CultureInfo.InvariantCulture, $"INSERT INTO {row[1]} VALUES ({string.Join(", ", values.Select(Short))});\n");
        }

        foreach (var row in all.Where(row => row[0] != "table")) text.Append(row[2]).Append(";\n");
        return text.Append("\nCOMMIT;\n").ToString();
    }

    public static void Restore(string sql, string file)
    {
        using var connection = Open(file, SqliteOpenMode.ReadWriteCreate);
        EgressAlerts.Storage.Sql.Execute(connection, sql);
    }

    /// <summary>What tables, views and indexes there are and what they consist of, apart from comments and white space.</summary>
    public static IReadOnlyList<string> Schema(string file)
    {
        using var connection = Open(file, SqliteOpenMode.ReadOnly);
        var all = Read(connection, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name");
        return [.. all.Select(row => $"{row[0]} {row[1]}: {White().Replace(Comment().Replace(row[2], ""), " ")}")];
    }

    public static IReadOnlyList<string[]> Read(string file, string sql)
    {
        using var connection = Open(file, SqliteOpenMode.ReadOnly);
        return Read(connection, sql);
    }

    private static List<string[]> Read(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string[]>();
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)!)]);
        return rows;
    }

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    /// <summary>A BLOB of mostly zeros, such as a row of 512 numbers of which few are in use, in few characters.</summary>
    private static string Short(string literal)
    {
        if (!literal.StartsWith("X'", StringComparison.Ordinal)) return literal;
        var parts = Zeros().Matches(literal[2..^1]).Select(run => run.Groups["zeros"].Success ? $"zeroblob({run.Length / 2})" : $"X'{run.Value}'").ToList();
        return parts.Count < 2 ? literal : $"CAST({string.Join(" || ", parts)} AS BLOB)";
    }

    [GeneratedRegex(@"\G(?:(?<zeros>(?:00){16,})|(?:(?!(?:00){16})..)+)")]
    private static partial Regex Zeros();

    [GeneratedRegex("--.*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\s+")]
    private static partial Regex White();
}
