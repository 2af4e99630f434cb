namespace EgressAlerts.Model;

/// <summary>A flow that Prometheus saw before the first window.</summary>
/// <param name="First">The earliest instant at which it was seen. It may be older.</param>
/// <param name="Last">The latest instant at which it was seen.</param>
public sealed record PastFlow(Flow Flow, DateTimeOffset First, DateTimeOffset Last);
