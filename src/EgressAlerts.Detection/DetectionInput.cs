namespace EgressAlerts.Detection;

/// <summary>A window as detectors see it.</summary>
/// <param name="Seen">Everything that the window showed, under the best name known now.</param>
/// <param name="Settled">What got its final name with this window. It may have happened in an earlier one.</param>
/// <param name="SettledLater">The part of <paramref name="Settled"/> that an earlier window showed.</param>
internal sealed record DetectionInput(
    Window Window, IReadOnlyList<WorkloadActivity> Seen, IReadOnlyList<WorkloadActivity> Settled, IReadOnlyList<WorkloadActivity> SettledLater);

/// <summary>What one workload did in a window.</summary>
/// <param name="Options">The settings that hold for this workload.</param>
internal sealed record WorkloadActivity(Workload Source, DetectionOptions Options, Habit Habit, List<FlowActivity> Flows);
