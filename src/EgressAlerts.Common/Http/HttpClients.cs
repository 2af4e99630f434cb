using Microsoft.Extensions.Logging;

namespace EgressAlerts.Common;

/// <summary>Makes HTTP clients from their settings. Time limits are the callers'. Any thread.</summary>
public static class HttpClients
{
    /// <summary>Refit asks for a base address even where every request brings its whole address. No request can reach this one.</summary>
    private static readonly Uri Unused = new("http://unused.invalid");

    /// <summary>A client with the credentials and certificates of the settings. It reads files when a request needs them, and never here: a request fails while
    /// one of them cannot be used.</summary>
    public static HttpClient Create(HttpSettings settings, ILogger logger)
    {
        HttpMessageHandler way = new TransportHandler(settings.Tls, settings.ProxyUrl, logger);
        if (settings.SigV4.Region.Length > 0) way = new SigV4Handler(settings.SigV4, way);
        if (settings.OAuth2 is { TokenUrl: not null } oauth)
            way = new OAuth2Handler(oauth, new TransportHandler(oauth.Tls, oauth.ProxyUrl, logger), way, TimeProvider.System);
        return Over(new CredentialHandler(settings, way));
    }

    /// <summary>A client that sends its requests through a handler of the caller's.</summary>
    public static HttpClient Over(HttpMessageHandler handler) => new(handler) { BaseAddress = Unused, Timeout = Timeout.InfiniteTimeSpan };
}
