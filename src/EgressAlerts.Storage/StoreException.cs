namespace EgressAlerts.Storage;

/// <summary>The database cannot be used. The message is one line and says what to do.</summary>
public sealed class StoreException(string message, Exception? cause = null) : Exception(message, cause);
