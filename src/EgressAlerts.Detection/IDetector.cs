namespace EgressAlerts.Detection;

/// <summary>Watches all activity, and keeps a finding for as long as it is true. Called by the pass alone.</summary>
internal interface IDetector
{
    /// <summary>The findings at the end of the last window.</summary>
    IEnumerable<Finding> Active { get; }

    void Observe(DetectionInput input);
}
