namespace EgressAlerts.Common;

/// <summary>What is wrong in a configuration, and where.</summary>
/// <param name="Line">From 1; 0 where the error is about the whole file.</param>
public sealed record ConfigError(string File, long Line, string Message)
{
    public override string ToString() => $"{File}:{Line}: {Message}";
}

/// <summary>A configuration that cannot be used. The message has a line for each error.</summary>
public sealed class ConfigException(IReadOnlyList<ConfigError> errors) : Exception(string.Join('\n', errors))
{
    public IReadOnlyList<ConfigError> Errors => errors;
}
