namespace EgressAlerts.Polling;

/// <summary>Why a query gave no complete answer; the reason is a label of the failure counter.</summary>
internal sealed record QueryFailure(FailureReason Reason, string Message);

/// <summary>The closed set of reasons; <see cref="FailureReasons.Word"/> spells them.</summary>
internal enum FailureReason
{
    Connection,
    Timeout,
    Status,
    BadJson,
    Partial,
    TooLarge,
}

internal static class FailureReasons
{
    public static string Word(this FailureReason reason) => reason switch
    {
        FailureReason.Connection => "connection",
        FailureReason.Timeout => "timeout",
        FailureReason.Status => "status",
        FailureReason.BadJson => "bad_json",
        FailureReason.Partial => "partial",
        _ => "too_large",
    };
}
