using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary>The keys that most tables of the detectors have.</summary>
internal static class DetectionTables
{
    public static Shape<Workload, TState> ByWorkload<TState>(string table, JsonTypeInfo<TState> json) =>
        Shape.Json(table, Workload.Columns, source => source.Values, Workload.Of, json);

    public static Shape<Workload, TState> ByWorkload<TState>(string table, IReadOnlyList<string> columns, Func<TState, object[]> values, Func<object[], TState> state) =>
        new(table, Workload.Columns, source => source.Values, Workload.Of, columns, values, state);

    /// <param name="column">What the second part of the key is called.</param>
    public static Shape<(Workload Source, string Name), TState> ByPair<TState>(string table, string column, JsonTypeInfo<TState> json) =>
        Shape.Json(table, [.. Workload.Columns, column], PairValues, Pair, json);

    /// <summary>The same with columns in place of JSON.</summary>
    public static Shape<(Workload Source, string Name), TState> ByPair<TState>(
        string table, string column, IReadOnlyList<string> columns, Func<TState, object[]> values, Func<object[], TState> state) =>
        new(table, [.. Workload.Columns, column], PairValues, Pair, columns, values, state);

    /// <summary>The rows of one detector in a table that all of its kind share.</summary>
    public static Shape<(Workload Source, string Name), TState> Of<TState>(this Shape<(Workload Source, string Name), TState> shape, string alertName) => shape with
    {
        KeyColumns = ["alertname", .. shape.KeyColumns],
        KeyValues = key => [alertName, .. shape.KeyValues(key)],
        Key = values => shape.Key(values[1..]),
        Part = ("alertname", alertName),
    };

    private static object[] PairValues((Workload Source, string Name) key) => [.. key.Source.Values, key.Name];

    private static (Workload Source, string Name) Pair(object[] values) => (Workload.Of(values), (string)values[2]);
}

/// <summary>How state is written as JSON.</summary>
/// <remarks>Other stages write every value. Here values that are 0, false, null or of the year 1 are left out: with them the database would be a third larger, and so
/// would be what the first window of an hour writes. So a stored property begins with such a value, or it can never be one.</remarks>
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
[JsonSerializable(typeof(MetadataUse))]
[JsonSerializable(typeof(News))]
[JsonSerializable(typeof(SeasonalSeries))]
[JsonSerializable(typeof(SpreadUploads.SpreadUpload))]
[JsonSerializable(typeof(SpreadUploads.SpreadUsual))]
[JsonSerializable(typeof(TimeSpan))]
[JsonSerializable(typeof(UploadGroup))]
internal sealed partial class DetectionJson : JsonSerializerContext;
