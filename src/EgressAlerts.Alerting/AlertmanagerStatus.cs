namespace EgressAlerts.Alerting;

/// <summary>How deliveries to one Alertmanager went. Immutable.</summary>
/// <param name="LastSuccess">When it last took alerts; null where it never has.</param>
/// <param name="LastFailure">When it last did not; null where it always has.</param>
/// <param name="LastError">The reason of the last failure, and what to do; empty for none.</param>
/// <param name="Waiting">How many alerts wait to be sent.</param>
public sealed record AlertmanagerStatus(string Url, DateTimeOffset? LastSuccess, DateTimeOffset? LastFailure, string LastError, int Waiting)
{
    /// <summary>Whether the last delivery failed.</summary>
    public bool IsFailing => LastFailure is { } failure && !(LastSuccess > failure);
}
