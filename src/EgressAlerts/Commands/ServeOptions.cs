namespace EgressAlerts;

/// <summary>What the command line says about serving.</summary>
internal sealed record ServeOptions(
    string? ConfigFile, ListenAddress Listen, string StoragePath, bool EnableLifecycle, string LogLevel, string LogFormat)
{
    /// <summary>The configuration's name in logs and on pages.</summary>
    public string ConfigName => ConfigFile ?? "(defaults)";
}

/// <summary>The service cannot start or go on; the message is one line and says what to do.</summary>
internal sealed class StartException(string message, Exception? cause = null) : Exception(message, cause);
