using Refit;

namespace EgressAlerts.Alerting;

/// <summary>The part of Alertmanager's API v2 that is used. The generated client is safe on any thread.</summary>
internal interface IAlertmanagerApi
{
    /// <summary>Posts alerts. Every status comes back as an answer, which the caller reads and disposes of.</summary>
    /// <param name="endpoint">The whole address of <c>/api/v2/alerts</c>.</param>
    /// <param name="alerts">An array, because Refit serializes by the type that it finds at run time.</param>
    [Post("")]
    Task<HttpResponseMessage> PostAlertsAsync([Url] Uri endpoint, [Body] PostableAlert[] alerts, CancellationToken cancel);

    /// <summary>Reads how the Alertmanager is. Every status comes back as an answer, which the caller reads and disposes of.</summary>
    /// <param name="endpoint">The whole address of <c>/api/v2/status</c>.</param>
    [Get("")]
    Task<HttpResponseMessage> ReadStatusAsync([Url] Uri endpoint, CancellationToken cancel);
}
