using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Takes how many series each metric and each namespace has, from one aggregate.</summary>
internal sealed class MeshSizes : ISeriesSink
{
    /// <summary>Series of further namespaces are counted, but their namespaces are not remembered.</summary>
    private const int MaxNamespaces = 20_000;

    /// <summary>So many series are read at most, which takes about two seconds a window.</summary>
    internal const long MaxSample = 100_000;

    private readonly Dictionary<string, long> _byMetric = [];
    private readonly Dictionary<string, long> _byNamespace = [];

    public static string Query(IReadOnlyList<string> matchers) =>
        $"count by (__name__, source_workload_namespace) ({{{string.Join(',', [Names, .. matchers])}}})";

    /// <summary>A matcher of all metrics that are read.</summary>
    public static string Names { get; } = $"__name__=~\"{string.Join('|', RawMetric.All.Select(raw => raw.Name))}\"";

    public long All => _byMetric.Values.Sum();

    /// <summary>The series of the largest metric.</summary>
    public long Largest => _byMetric.Count == 0 ? 0 : _byMetric.Values.Max();

    public long Of(string metric) => _byMetric.GetValueOrDefault(metric);

    public void Restart()
    {
        _byMetric.Clear();
        _byNamespace.Clear();
    }

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        if (samples.Length == 0) return;
        var read = LabelReader.Read(labels);
        var (metric, ns) = (read.GetValueOrDefault("__name__", ""), read.GetValueOrDefault("source_workload_namespace", ""));
        var count = double.IsFinite(samples[^1].Value) ? (long)samples[^1].Value : 0;
        if (RawMetric.All.Any(raw => raw.Name == metric)) _byMetric[metric] = Of(metric) + count;
        if (_byNamespace.Count < MaxNamespaces || _byNamespace.ContainsKey(ns)) _byNamespace[ns] = _byNamespace.GetValueOrDefault(ns) + count;
    }

    /// <summary>A matcher of the smallest namespaces, which together have no more series than are read; empty where all may be read.</summary>
    public string Sample()
    {
        if (All <= MaxSample) return "";
        var (sum, chosen) = (0L, new List<string>());
        foreach (var (ns, count) in _byNamespace.OrderBy(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal))
        {
            // A name from the network stands in a regular expression: only those that Kubernetes allows do.
            if (sum + count > MaxSample || ns.Length == 0 || LabelText.WorkloadName(ns) != ns) continue;
            sum += count;
            chosen.Add(ns.Replace(".", "\\\\.", StringComparison.Ordinal));
        }

        return $"source_workload_namespace=~\"{string.Join('|', chosen)}\"";
    }
}
