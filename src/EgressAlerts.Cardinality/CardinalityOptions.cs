using EgressAlerts.Common;

namespace EgressAlerts.Cardinality;

/// <summary>The <c>cardinality</c> section of the configuration.</summary>
public sealed record CardinalityOptions
{
    /// <summary>The most series over all <c>egress_*</c> metrics, overflow aside.</summary>
    [Count(50, 10_000_000)]
    public int MaxSeries { get; init; } = 10_000;

    /// <summary>The most destinations that one workload may have series for.</summary>
    [Count(1, 100_000)]
    public int MaxDestinationsPerWorkload { get; init; } = 200;

    /// <summary>A series without an increment for this long gives its place up.</summary>
    [Duration("10m", "30d")]
    public TimeSpan IdleTtl { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Workloads that have an overflow of their own; the others share one. Bounds the series outside the budget.</summary>
    internal int MaxWorkloads => Math.Max(16, MaxSeries / 10);
}
