using EgressAlerts.Common;

namespace EgressAlerts.Detection;

/// <summary>The settings of each workload, and which workloads share one history. Called by the pass alone.</summary>
internal sealed class Tuning(DetectionOptions options)
{
    private readonly Remembered<DetectionOptions> _options = new(workload => FindOverride(options, workload)?.Options ?? options);

    private readonly Remembered<Workload> _groups = new(options.GroupOf);

    /// <summary>The settings of what is about no single workload. Any thread.</summary>
    public DetectionOptions Global => options;

    /// <summary>The entry of <c>detection.overrides</c> that holds for a workload. Null where there is none. Any thread.</summary>
    public static DetectionOverride? FindOverride(DetectionOptions options, Workload workload)
    {
        foreach (var entry in options.Overrides)
        {
            if (entry.Workloads.Any(pattern => pattern.Matches(workload))) return entry;
        }

        return null;
    }

    public DetectionOptions OptionsFor(Workload workload) => options.Overrides.Count == 0 ? options : _options[workload];

    /// <summary>The group of <c>detection.workload_groups</c> that a workload belongs to, or the workload itself.</summary>
    public Workload GroupOf(Workload workload) => options.WorkloadGroups.Count == 0 ? workload : _groups[workload];

    /// <summary>Lets the evidence about a group show the counters of its members.</summary>
    public string WithMembers(Workload source, string evidence)
    {
        List<WorkloadPattern> members = [.. options.WorkloadGroups.Where(group => group.Of(source) == source).Select(group => group.Match)];
        return members.Count == 0 ? evidence : PromQl.WithMembers(evidence, source, members);
    }
}
