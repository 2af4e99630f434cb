namespace EgressAlerts.Model;

/// <summary>The workload that talked, its namespace, and its cluster. All may be label values.</summary>
/// <param name="Cluster">Empty where the telemetry does not tell it.</param>
public sealed record Workload(string Namespace, string Name, string Cluster = "")
{
    /// <summary>The columns of database tables that hold a workload. They have the names of the labels.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["source_cluster", "source_workload_namespace", "source_workload"];

    /// <summary>Sorts by namespace, name and cluster.</summary>
    public static IComparer<Workload> Order { get; } = Comparer<Workload>.Create((one, other) =>
    {
        var order = string.CompareOrdinal(one.Namespace, other.Namespace);
        if (order == 0) order = string.CompareOrdinal(one.Name, other.Name);
        return order != 0 ? order : string.CompareOrdinal(one.Cluster, other.Cluster);
    });

    /// <summary>The values in <see cref="Columns"/>.</summary>
    public object[] Values => [Cluster, Namespace, Name];

    /// <param name="values">The values of a row. They begin with <see cref="Values"/>.</param>
    /// <exception cref="InvalidCastException">A value is no text.</exception>
    public static Workload Of(object[] values) => new((string)values[1], (string)values[2], (string)values[0]);

    /// <param name="labels">Those of an exported counter or of an alert. What is missing is empty.</param>
    public static Workload Of(IReadOnlyDictionary<string, string> labels) => new(
        labels.GetValueOrDefault(Columns[1], ""), labels.GetValueOrDefault(Columns[2], ""), labels.GetValueOrDefault(Columns[0], ""));

    /// <summary>The name without the cluster, as users write it.</summary>
    public override string ToString() => $"{Namespace}/{Name}";
}
