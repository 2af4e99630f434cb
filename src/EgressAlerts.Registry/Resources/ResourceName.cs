namespace EgressAlerts.Registry;

/// <summary>The namespace and the name of a resource in Kubernetes.</summary>
public sealed record ResourceName(string Namespace, string Name) : IComparable<ResourceName>
{
    public int CompareTo(ResourceName? other) =>
        other is null ? 1
        : string.CompareOrdinal(Namespace, other.Namespace) is var order and not 0 ? order
        : string.CompareOrdinal(Name, other.Name);

    public static bool operator <(ResourceName left, ResourceName right) => left.CompareTo(right) < 0;

    public static bool operator >(ResourceName left, ResourceName right) => left.CompareTo(right) > 0;

    public static bool operator <=(ResourceName left, ResourceName right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ResourceName left, ResourceName right) => left.CompareTo(right) >= 0;

    public override string ToString() => $"{Namespace}/{Name}";
}
