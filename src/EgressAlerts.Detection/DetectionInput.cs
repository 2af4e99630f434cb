namespace EgressAlerts.Detection;

/// <summary>A window as detectors see it.</summary>
/// <param name="Seen">Everything that the window showed, under the best name known now.</param>
/// <param name="Settled">What got its final name with this window. It may have happened in an earlier one.</param>
/// <param name="SettledLater">The part of <paramref name="Settled"/> that an earlier window showed.</param>
/// <param name="Policies">The policies in use in this window.</param>
internal sealed record DetectionInput(
    Window Window, IReadOnlyList<WorkloadActivity> Seen, IReadOnlyList<WorkloadActivity> Settled, IReadOnlyList<WorkloadActivity> SettledLater,
    Policies Policies)
{
    /// <summary>Whether a contact of earlier windows is allowed now, so that an alert about it is to end.</summary>
    public bool Allows(Flow flow, Destination destination) => Policies.Allows(flow, destination, Window.End);
}

/// <summary>What one workload did in a window.</summary>
/// <param name="Options">The settings that hold for this workload.</param>
internal sealed record WorkloadActivity(Workload Source, DetectionOptions Options, Habit Habit, List<FlowActivity> Flows);
