using System.Text.Json.Serialization;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Cardinality;

/// <summary>The exported counters of a workload and a destination as the database holds them.</summary>
/// <param name="Weight">What they carried lately in bytes, as of <paramref name="WeightHour"/> (hours since 1970).</param>
/// <param name="IsRollUp">The destination stands for every new name under a parent.</param>
internal sealed record PlaceState(IReadOnlyList<SeriesState> Series, double Weight = 0, long WeightHour = 0, bool IsRollUp = false)
{
    public static Shape<Pair, PlaceState> Shape { get; } =
        Storage.Shape.Json("exported_destination", Pair.Columns, pair => pair.Values, Pair.Of, CardinalityJson.Default.PlaceState);
}

/// <summary>One exported counter of a place.</summary>
/// <param name="Last">When it last grew, in seconds since 1970.</param>
/// <param name="IsNew">Whether it still shows 0, because no scrape has seen that yet.</param>
/// <param name="Destination">Null where it is the same as that of the counter before it.</param>
/// <param name="ManyOwners">The addresses of its destination belong to different owners.</param>
internal sealed record SeriesState(
    Metric Metric, Route Route, Protocol Protocol, string Port, string ResponseCode, string ResponseFlags, double Value, long Last,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool IsNew = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] Destination? Destination = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool ManyOwners = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool ManyNetworks = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool ManyRegions = false)
{
    public SeriesKey Key(Pair pair) => new(Metric, pair.Source, pair.Destination, Port, Route, Protocol, ResponseCode, ResponseFlags);
}

/// <summary>The sums of the budget.</summary>
/// <param name="Now">The end of the last window.</param>
/// <param name="Counted">What was counted, by metric.</param>
/// <param name="Retired">What counters held that are no longer exported, by metric.</param>
internal sealed record BudgetSums(
    Dictionary<Metric, double> Counted, Dictionary<Metric, double> Retired,
    DateTimeOffset Now = default, long RetiredSeries = 0, long Placed = 0, [property: JsonPropertyName("folded")] long Overflowed = 0, long Promoted = 0);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, IgnoreReadOnlyProperties = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PlaceState))]
[JsonSerializable(typeof(BudgetSums))]
internal sealed partial class CardinalityJson : JsonSerializerContext;
