using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace EgressAlerts.Detection;

/// <summary>The shapes of the detectors' tables: most have a workload as their key, or a workload and a name.</summary>
internal static class DetectionTables
{
    public static Shape<Workload, TState> ByWorkload<TState>(string table, JsonTypeInfo<TState> json) =>
        Shape.Json(table, Workload.Columns, source => source.Values, Workload.Of, json);

    public static Shape<Workload, TState> ByWorkload<TState>(
        string table, IReadOnlyList<string> columns, Func<TState, object[]> values, Func<object[], TState> state) =>
        new(table, Workload.Columns, source => source.Values, Workload.Of, columns, values, state);

    /// <param name="column">The column of the key's second part.</param>
    public static Shape<(Workload Source, string Name), TState> ByPair<TState>(string table, string column, JsonTypeInfo<TState> json) =>
        Shape.Json(table, [.. Workload.Columns, column], PairValues, Pair, json);

    public static Shape<(Workload Source, string Name), TState> ByPair<TState>(
        string table, string column, IReadOnlyList<string> columns, Func<TState, object[]> values, Func<object[], TState> state) =>
        new(table, [.. Workload.Columns, column], PairValues, Pair, columns, values, state);

    /// <summary>The rows of one detector in a table that several share.</summary>
    public static Shape<(Workload Source, string Name), TState> ForAlert<TState>(
        this Shape<(Workload Source, string Name), TState> shape, string alertName) => shape with
        {
            KeyColumns = ["alertname", .. shape.KeyColumns],
            KeyValues = key => [alertName, .. shape.KeyValues(key)],
            Key = values => shape.Key(values[1..]),
            Part = ("alertname", alertName),
        };

    private static object[] PairValues((Workload Source, string Name) key) => [.. key.Source.Values, key.Name];

    private static (Workload Source, string Name) Pair(object[] values) => (Workload.Of(values), (string)values[Workload.Columns.Count]);
}

/// <summary>Writes state as JSON.</summary>
/// <remarks>Values that are 0, false, null or of the year 1 are left out. With them the database would be a third larger, and so would be what the first
/// window of an hour writes. So each stored property must begin with such a value.</remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    Converters = [typeof(AddressConverter)])]
[JsonSerializable(typeof(Attempts))]
[JsonSerializable(typeof(Beacon))]
[JsonSerializable(typeof(DateTimeOffset))]
[JsonSerializable(typeof(Episode))]
[JsonSerializable(typeof(Habit))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(DayMaxima))]
[JsonSerializable(typeof(MetadataUse))]
[JsonSerializable(typeof(NewDestinationCount))]
[JsonSerializable(typeof(PolicyHit))]
[JsonSerializable(typeof(SeasonalSeries))]
[JsonSerializable(typeof(SpreadUpload))]
[JsonSerializable(typeof(TimeSpan))]
[JsonSerializable(typeof(UploadGroup))]
internal sealed partial class DetectionJson : JsonSerializerContext;
