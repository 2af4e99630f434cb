namespace EgressAlerts.Polling;

/// <summary>One sample as Prometheus stored it.</summary>
/// <param name="Milliseconds">Since the Unix epoch.</param>
internal readonly record struct Sample(long Milliseconds, double Value)
{
    /// <summary>False for NaN, which also marks the end of a series, for infinity, and for negative values.</summary>
    public bool IsCount => Value >= 0 && Value < double.PositiveInfinity;
}
