namespace EgressAlerts.Model;

/// <summary>Who talked: the source workload and its namespace, both cleaned text.</summary>
public sealed record Workload(string Namespace, string Name)
{
    /// <summary>The columns of database tables that hold a workload; they are called like the labels of Istio's metrics.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["source_workload_namespace", "source_workload"];

    /// <summary>What it has in <see cref="Columns"/>.</summary>
    public object[] Values => [Namespace, Name];

    /// <param name="values">Those of a row; they begin with <see cref="Values"/>.</param>
    /// <exception cref="InvalidCastException">They are no texts.</exception>
    public static Workload Of(object[] values) => new((string)values[0], (string)values[1]);

    public override string ToString() => $"{Namespace}/{Name}";
}
