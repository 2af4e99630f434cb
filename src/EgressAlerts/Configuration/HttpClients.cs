using Microsoft.Extensions.Logging;

namespace EgressAlerts.Configuration;

/// <summary>Makes HTTP clients from their settings. Time limits are the callers'.</summary>
internal static class HttpClients
{
    /// <summary>Files are read when a request needs them, and never here: a request fails while one of them cannot be used.</summary>
    public static HttpClient Create(HttpSettings settings, ILogger logger) =>
        new(new CredentialHandler(settings, new TransportHandler(settings, logger))) { Timeout = Timeout.InfiniteTimeSpan };
}
