namespace EgressAlerts.Registry;

/// <summary>How the watch of one kind of Istio's resources stands. Immutable.</summary>
/// <param name="Kind">As metrics name it, such as <c>service_entry</c>.</param>
/// <param name="Known">How many are known, as the cluster last told them.</param>
/// <param name="Refused">How many cannot be read and are left out.</param>
/// <param name="Since">When the last watch was opened; null where none ever was.</param>
/// <param name="FailedAt">When a list or a watch last failed; null where none has.</param>
/// <param name="Failure">Why, and what to do; empty where none has.</param>
public sealed record KindStatus(string Kind, bool IsConnected, int Known, int Refused, DateTimeOffset? Since, DateTimeOffset? FailedAt, string Failure);
