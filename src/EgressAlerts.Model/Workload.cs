namespace EgressAlerts.Model;

/// <summary>Who talked: the source workload and its namespace, both cleaned text.</summary>
public sealed record Workload(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}/{Name}";
}
