namespace EgressAlerts;

/// <summary>What the command line says about serving.</summary>
internal sealed record ServeOptions(string? ConfigFile, ListenUrl Listen, string StoragePath, bool EnableLifecycle, bool CreatedTimestamps, string LogLevel, string LogFormat);

/// <summary>The listen address as Prometheus writes it: <c>host:port</c> or <c>:port</c>.</summary>
internal sealed class ListenUrl
{
    public ListenUrl(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text[(colon + 1)..], out var port)) return;
        var host = colon == 0 ? "0.0.0.0" : text[..colon];
        Url = $"http://{host}:{port}";
        IsAnyAddress = host is "0.0.0.0" or "[::]" or "*";
        Port = port;
    }

    public string? Url { get; }

    public bool IsAnyAddress { get; }

    public int Port { get; }

    /// <summary>Where a person on another machine would find it, as far as this one can know.</summary>
    public Uri External => new(IsAnyAddress ? $"http://{Environment.MachineName}:{Port}" : Url!);
}

/// <summary>The service cannot start; the message says what to do.</summary>
internal sealed class StartException(string message) : Exception(message);
