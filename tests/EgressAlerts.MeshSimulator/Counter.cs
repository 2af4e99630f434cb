namespace EgressAlerts.MeshSimulator;

/// <summary>One raw series of one pod, and what it means to whoever checks the sums.</summary>
internal sealed class Counter(string series, TruthKey? truth)
{
    /// <summary>Name and label set as they are exposed.</summary>
    public string Series => series;

    /// <summary>Null for traffic that is not egress.</summary>
    public TruthKey? Truth => truth;

    public double Value { get; set; }
}

/// <summary>What egress is summed by: the source workload, the route, and the exported metric without its prefix and suffix.</summary>
public readonly record struct TruthKey(string Namespace, string Workload, string Route, string Metric, string Cluster);
