using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Why a query gave no complete answer. The reason is a label of the failure counter.</summary>
internal sealed record QueryFailure(FailureReason Reason, string Message)
{
    /// <summary>How long the server wants to be left alone before the query is repeated. Null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The HTTP status of an answer that refuses the query; 0 where the failure is another one.</summary>
    public int Status { get; init; }

    /// <summary>What was asked, in PromQL.</summary>
    public string Query { get; init; } = "";
}

/// <summary>The closed set of reasons. <see cref="LabelValues.LabelValue"/> spells them.</summary>
internal enum FailureReason
{
    /// <summary>The server could not be reached, or the connection broke.</summary>
    Connection,
    Timeout,

    /// <summary>The server, or a proxy before it, is overloaded or away for now.</summary>
    Busy,

    /// <summary>Any other status that is no success, such as missing credentials.</summary>
    Status,
    BadJson,

    /// <summary>Data of this answer is missing behind the server.</summary>
    Partial,

    /// <summary>The answer is larger than this service allows.</summary>
    TooLarge,

    /// <summary>The server refuses the query because it exceeds one of the server's limits. It will do so again.</summary>
    Limit,

    /// <summary>The server does not understand the query. It will not understand it next time.</summary>
    BadQuery,

    /// <summary>A file with a secret or a certificate cannot be read, so nothing was asked.</summary>
    Credentials,

    /// <summary>This machine's clock is ahead of the server's: the window is not over yet.</summary>
    Clock,
}
