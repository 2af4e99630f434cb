namespace EgressAlerts.Polling;

/// <summary>One sample as Prometheus stored it.</summary>
/// <param name="Milliseconds">Since the Unix epoch.</param>
internal readonly record struct Sample(long Milliseconds, double Value);
