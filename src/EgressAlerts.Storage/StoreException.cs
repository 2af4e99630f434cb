namespace EgressAlerts.Storage;

/// <summary>The database cannot be used. The message is one line and says what to do.</summary>
public sealed class StoreException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whether SQLite says that the file is not a database, or that it contradicts itself.</summary>
    public bool IsDamage => InnerException is Microsoft.Data.Sqlite.SqliteException e && Sql.IsDamage(e);
}
