using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>A workload and a destination.</summary>
internal readonly record struct Pair(Workload Source, string Destination)
{
    public static IComparer<Pair> Order { get; } = Comparer<Pair>.Create((one, other) =>
    {
        var order = string.CompareOrdinal(one.Destination, other.Destination);
        return order != 0 ? order : Workload.Order.Compare(one.Source, other.Source);
    });

    public static IReadOnlyList<string> Columns { get; } = [.. Workload.Columns, "destination"];

    public object[] Values => [.. Source.Values, Destination];

    public static Pair Of(object[] values) => new(Workload.Of(values), (string)values[Workload.Columns.Count]);
}
