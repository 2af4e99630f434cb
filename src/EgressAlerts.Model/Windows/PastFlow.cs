namespace EgressAlerts.Model;

/// <summary>A flow that was there before anybody watched.</summary>
/// <param name="First">The earliest instant at which it was seen; it may be older.</param>
/// <param name="Last">The latest.</param>
public sealed record PastFlow(Flow Flow, DateTimeOffset First, DateTimeOffset Last);
