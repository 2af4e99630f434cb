using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Alerting;

/// <summary>Why an Alertmanager did not take a batch.</summary>
/// <param name="Message">What happened and what to do, without secrets.</param>
/// <param name="CanRetry">True where the same request may succeed a moment later.</param>
/// <param name="RetryAfter">How long the server asks to be left alone before that; null where it does not say.</param>
internal sealed record DeliveryFailure(DeliveryFailureReason Reason, string Message, bool CanRetry = false, TimeSpan? RetryAfter = null);

/// <summary>The closed set of reasons: the label of the error counter, as <see cref="LabelValues.LabelValue"/> spells them.</summary>
internal enum DeliveryFailureReason
{
    /// <summary>No connection, no valid certificate, or a connection that broke.</summary>
    Connection,

    Timeout,

    /// <summary>A file that holds a secret cannot be read.</summary>
    Credentials,

    /// <summary>A status that says that the whole request is wrong or the server is unwell.</summary>
    Status,

    /// <summary>A redirect is not followed: it would turn the POST into a GET, which posts nothing.</summary>
    Redirect,

    /// <summary>A page for people instead of an API's answer.</summary>
    Html,

    /// <summary>One alert was refused, or one request was too large.</summary>
    Refused,

    /// <summary>An exception that nobody foresaw.</summary>
    Unexpected,
}
