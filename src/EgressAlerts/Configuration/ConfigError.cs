namespace EgressAlerts.Configuration;

/// <summary>What is wrong in a configuration, and where.</summary>
internal sealed record ConfigError(string File, long Line, string Message)
{
    public override string ToString() => $"{File}:{Line}: {Message}";
}

/// <summary>A configuration that cannot be used; the message has a line for each error.</summary>
internal sealed class ConfigException(IReadOnlyList<ConfigError> errors) : Exception(string.Join('\n', errors))
{
    public IReadOnlyList<ConfigError> Errors => errors;
}
