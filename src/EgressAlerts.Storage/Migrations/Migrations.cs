using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace EgressAlerts.Storage;

/// <summary>Brings a database to the version of this program. Each file under Migrations is one step, in the order of their numbers.</summary>
internal static class Migrations
{
    private static readonly IReadOnlyList<string> All = [.. Assembly.GetExecutingAssembly().GetManifestResourceNames().Order(StringComparer.Ordinal)];

    /// <summary>The version of a database after all migrations, which is the number of migrations.</summary>
    public static int Latest => All.Count;

    /// <summary>Reads the version of a database, which is the number of migrations that it has had.</summary>
    public static int VersionOf(SqliteConnection connection) => Convert.ToInt32(Sql.Scalar(connection, "PRAGMA user_version"), CultureInfo.InvariantCulture);

    /// <summary>Runs the migrations that the database has not had, each in a transaction.</summary>
    public static void Run(SqliteConnection connection)
    {
        foreach (var (number, name) in All.Index().Skip(VersionOf(connection)))
        {
            using var stream = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
            using var transaction = connection.BeginTransaction();
            Sql.Execute(connection, $"{stream.ReadToEnd()}; PRAGMA user_version = {number + 1}");
            transaction.Commit();
        }
    }
}
