using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>Which settings hold for which workload, and which workloads are one to the detectors. Called by the pass alone.</summary>
internal sealed class Tuning(DetectionOptions options)
{
    private const int MaxRemembered = 100_000;

    private readonly Dictionary<Workload, DetectionOptions> _remembered = [];
    private readonly Dictionary<Workload, Workload> _groups = [];

    /// <summary>The settings of what is about no single workload.</summary>
    public DetectionOptions OfAll => options;

    public DetectionOptions Of(Workload workload)
    {
        if (options.Overrides.Count == 0) return options;
        if (_remembered.TryGetValue(workload, out var known)) return known;
        if (_remembered.Count == MaxRemembered) _remembered.Clear();
        var found = options.Overrides.FirstOrDefault(entry => entry.Workloads.Any(pattern => pattern.Matches(workload)))?.Options ?? options;
        _remembered.Add(workload, found);
        return found;
    }

    /// <summary>What the workload counts as: its group, or itself.</summary>
    public Workload GroupOf(Workload workload)
    {
        if (options.WorkloadGroups.Count == 0) return workload;
        if (_groups.TryGetValue(workload, out var known)) return known;
        if (_groups.Count == MaxRemembered) _groups.Clear();
        var found = options.WorkloadGroups.FirstOrDefault(group => group.Match.Matches(workload))?.As ?? workload;
        _groups.Add(workload, found);
        return found;
    }

    /// <summary>PromQL that shows all workloads of a group: their counters have their own names.</summary>
    public string Evidence(Workload source, string evidence)
    {
        List<WorkloadPattern> all = [.. options.WorkloadGroups.Where(group => group.As == source).Select(group => group.Match)];
        return all.Count == 0 ? evidence : evidence.Replace(Text.Source(source), Text.Sources(all), StringComparison.Ordinal);
    }
}
