namespace EgressAlerts.Detection;

/// <summary>How far learning has come. Immutable.</summary>
/// <param name="Watched">The length of all windows together.</param>
/// <param name="Needed">How long a workload has to be watched, or known from before, until something can be new for it: <c>detection.learning</c>.</param>
/// <param name="Learned">How many workloads that is true of.</param>
/// <param name="Workloads">How many workloads are known.</param>
public sealed record LearningReport(TimeSpan Watched, TimeSpan Needed, int Learned, int Workloads);
