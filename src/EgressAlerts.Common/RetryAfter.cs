namespace EgressAlerts.Common;

/// <summary>Reads how long a busy server asks to be left alone. Stateless.</summary>
public static class RetryAfter
{
    /// <summary>The header <c>Retry-After</c>, in seconds or as a date (RFC 9110, section 10.2.3).</summary>
    /// <param name="most">The longest wait that is granted, so that no server can hold a client up for ever.</param>
    /// <returns>A wait of at least zero, or null where the answer names none.</returns>
    public static TimeSpan? Of(HttpResponseMessage response, TimeSpan most, DateTimeOffset now)
    {
        if ((response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - now) is not { } wait) return null;
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait < most ? wait : most;
    }
}
