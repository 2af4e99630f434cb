namespace EgressAlerts.Model;

/// <summary>The workload that talked, and its namespace. Both may be label values.</summary>
public sealed record Workload(string Namespace, string Name)
{
    /// <summary>The columns of database tables that hold a workload. They have the names of Istio's labels.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["source_workload_namespace", "source_workload"];

    /// <summary>The values in <see cref="Columns"/>.</summary>
    public object[] Values => [Namespace, Name];

    /// <param name="values">The values of a row. They begin with <see cref="Values"/>.</param>
    /// <exception cref="InvalidCastException">A value is no text.</exception>
    public static Workload Of(object[] values) => new((string)values[0], (string)values[1]);

    public override string ToString() => $"{Namespace}/{Name}";
}
