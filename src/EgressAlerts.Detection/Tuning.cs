using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>Which settings hold for which workload. Called by the pass alone.</summary>
internal sealed class Tuning(DetectionOptions options)
{
    private const int MaxRemembered = 100_000;

    private readonly Dictionary<Workload, DetectionOptions> _remembered = [];

    public DetectionOptions Of(Workload workload)
    {
        if (options.Overrides.Count == 0) return options;
        if (_remembered.TryGetValue(workload, out var known)) return known;
        if (_remembered.Count == MaxRemembered) _remembered.Clear();
        var found = options.Overrides.FirstOrDefault(entry => entry.Workloads.Any(pattern => pattern.Matches(workload)))?.Options ?? options;
        _remembered.Add(workload, found);
        return found;
    }
}
