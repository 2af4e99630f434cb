using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace EgressAlerts.Storage;

/// <summary>Describes how the database stores one kind of state: the table, the columns of the key, and the columns of the state.</summary>
/// <param name="Table">A table that a migration has made.</param>
/// <param name="KeyColumns">The columns of the primary key, in order.</param>
/// <param name="KeyValues">Converts a key to the values of those columns: texts, whole numbers, or bytes.</param>
/// <param name="Key">Converts those values back to a key. It may throw for values that it cannot read.</param>
/// <param name="StateColumns">The other columns, in order.</param>
/// <param name="StateValues">Converts a state to the values of those columns.</param>
/// <param name="State">Converts those values back to a state. It may throw for values that it cannot read.</param>
public sealed record Shape<TKey, TState>(
    string Table,
    IReadOnlyList<string> KeyColumns,
    Func<TKey, object[]> KeyValues,
    Func<object[], TKey> Key,
    IReadOnlyList<string> StateColumns,
    Func<TState, object[]> StateValues,
    Func<object[], TState> State)
    where TKey : notnull
{
    /// <summary>Selects the rows of this state where the table holds other rows too. Null selects all rows. The column belongs to the key.</summary>
    public (string Column, string Value)? Part { get; init; }

    /// <summary>The name of the table, with the name of the part where there is one.</summary>
    internal string Place => Part is { } part ? $"{Table} {part.Value}" : Table;
}

/// <summary>Makes the shapes that many stages need: those with JSON in one column, <c>state</c>, and those whose keys are whole numbers.</summary>
public static class Shape
{
    /// <param name="column">The column of the key, a whole number of 32 bits.</param>
    public static Shape<int, TState> ByNumber<TState>(
        string table, string column, IReadOnlyList<string> stateColumns, Func<TState, object[]> stateValues, Func<object[], TState> state) =>
        new(table, [column], number => [(long)number], Number, stateColumns, stateValues, state);

    public static Shape<int, TState> ByNumber<TState>(string table, string column, JsonTypeInfo<TState> json) =>
        Json(table, [column], number => [(long)number], Number, json);

    /// <param name="json">
    /// The generated serializer. A field can be added without a migration if the type gives it a default: rows that lack the field then have that default.
    /// </param>
    public static Shape<TKey, TState> Json<TKey, TState>(
        string table, IReadOnlyList<string> keyColumns, Func<TKey, object[]> keyValues, Func<object[], TKey> key, JsonTypeInfo<TState> json)
        where TKey : notnull =>
        new(
            table, keyColumns, keyValues, key, ["state"],
            state => [new Utf8Text(JsonSerializer.SerializeToUtf8Bytes(state, json))],
            values => Deserialize(values[0], json) ?? throw new JsonException("it is null"));

    /// <param name="value">A text from the database, or from a row that is not written yet.</param>
    private static TState? Deserialize<TState>(object value, JsonTypeInfo<TState> json) =>
        value is Utf8Text text ? JsonSerializer.Deserialize(text.Bytes, json) : JsonSerializer.Deserialize((string)value, json);

    private static int Number(object[] values) => checked((int)(long)values[0]);
}

/// <summary>A text as SQLite stores it.</summary>
internal sealed record Utf8Text(byte[] Bytes)
{
    public override string ToString() => Encoding.UTF8.GetString(Bytes);
}
