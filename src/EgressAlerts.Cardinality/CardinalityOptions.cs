namespace EgressAlerts.Cardinality;

/// <summary>The <c>cardinality</c> section of the configuration.</summary>
public sealed record CardinalityOptions
{
    /// <summary>The most series over all <c>egress_*</c> metrics, overflow aside; 50 to 10,000,000.</summary>
    public int MaxSeries { get; init; } = 10_000;

    /// <summary>The most destinations that one workload may have series for; 1 to 100,000.</summary>
    public int MaxDestinationsPerWorkload { get; init; } = 200;

    /// <summary>A series without an increment for this long gives its place up; 10 m to 30 d.</summary>
    public TimeSpan IdleTtl { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Workloads that have an overflow of their own; the others share one. Bounds the series outside the budget.</summary>
    internal int MaxWorkloads => Math.Max(16, MaxSeries / 10);
}
