namespace EgressAlerts.Registry;

/// <summary>Why a list or a watch ended. The message is a whole sentence for operators.</summary>
internal sealed class WatchFault(WatchEnd end, string message) : Exception(message)
{
    public WatchEnd End => end;
}

/// <summary>Why a list or a watch ended, and so was begun again.</summary>
internal enum WatchEnd
{
    /// <summary>The server ended the watch in time, as it was asked to.</summary>
    Ended,

    /// <summary>The connection broke.</summary>
    Dropped,

    /// <summary>The connection said nothing for longer than a living one can.</summary>
    Silent,

    /// <summary>The server does not know the resource version any more (410).</summary>
    Gone,

    /// <summary>A right is missing (401, 403).</summary>
    Refused,

    /// <summary>The cluster has no such kind in any version (404).</summary>
    Missing,

    /// <summary>The server has too much to do, or is broken (429, 5xx).</summary>
    Busy,

    /// <summary>Any other status, redirects among them.</summary>
    Status,

    /// <summary>The token or the certificates of this side cannot be read.</summary>
    Credentials,

    /// <summary>The server's certificate is not trusted, or is that of another host.</summary>
    Tls,

    Unreachable,

    Timeout,

    TooLarge,

    TooMany,

    /// <summary>The answer is not what the Kubernetes API says.</summary>
    BadAnswer,

    /// <summary>An exception that nobody foresaw.</summary>
    Unexpected,
}

internal static class WatchEnds
{
    /// <summary>Whether a new watch can go on from the last version that was seen. Otherwise everything is listed again.</summary>
    public static bool KeepsVersion(this WatchEnd end) => end is WatchEnd.Ended or WatchEnd.Dropped or WatchEnd.Silent or WatchEnd.Busy or WatchEnd.Refused
        or WatchEnd.Credentials or WatchEnd.Tls or WatchEnd.Unreachable or WatchEnd.Timeout;
}
