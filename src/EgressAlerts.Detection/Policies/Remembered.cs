namespace EgressAlerts.Detection;

/// <summary>What configuration says about workloads, looked up once for each. At most 100,000 answers are remembered; then all are forgotten.</summary>
internal sealed class Remembered<T>(Func<Workload, T> find)
{
    private const int MaxRemembered = 100_000;

    private readonly Dictionary<Workload, T> _known = [];

    public T this[Workload workload]
    {
        get
        {
            if (_known.TryGetValue(workload, out var known)) return known;
            if (_known.Count == MaxRemembered) _known.Clear();
            return _known[workload] = find(workload);
        }
    }
}
