using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace EgressAlerts.Storage;

/// <summary>How one kind of state lies in the database: the table, the columns of its key, and the columns of its value.</summary>
/// <param name="Table">A table that a migration has made.</param>
/// <param name="KeyColumns">The columns of the primary key, in order.</param>
/// <param name="KeyValues">What a key has in those columns: texts, whole numbers, or bytes.</param>
/// <param name="Key">The key that has such values. It may throw for values that it cannot read.</param>
/// <param name="StateColumns">The other columns, in order.</param>
/// <param name="StateValues">What a state has in those columns.</param>
/// <param name="State">The state that has such values. It may throw for values that it cannot read.</param>
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
    /// <summary>The rows that belong to this state, where others share the table; null where all do. The column is one of the key.</summary>
    public (string Column, string Value)? Part { get; init; }

    /// <summary>The table, and the part of it where there is one.</summary>
    internal string Place => Part is { } part ? $"{Table} {part.Value}" : Table;
}

/// <summary>Makes shapes that many stages need: state that is JSON in the one column <c>state</c>, and keys that are whole numbers.</summary>
public static class Shape
{
    /// <param name="column">The column of the key, a whole number of 32 bits.</param>
    public static Shape<int, TState> ByNumber<TState>(
        string table, string column, IReadOnlyList<string> stateColumns, Func<TState, object[]> stateValues, Func<object[], TState> state) =>
        new(table, [column], number => [(long)number], Number, stateColumns, stateValues, state);

    public static Shape<int, TState> ByNumber<TState>(string table, string column, JsonTypeInfo<TState> json) =>
        Json(table, [column], number => [(long)number], Number, json);

    /// <param name="json">The generated serializer. A field can be added without a migration, if its type gives it a default: rows that lack it are read with that.</param>
    public static Shape<TKey, TState> Json<TKey, TState>(
        string table, IReadOnlyList<string> keyColumns, Func<TKey, object[]> keyValues, Func<object[], TKey> key, JsonTypeInfo<TState> json)
        where TKey : notnull =>
        new(
            table, keyColumns, keyValues, key, ["state"],
            state => [new Utf8Text(JsonSerializer.SerializeToUtf8Bytes(state, json))],
            values => (values[0] is Utf8Text text ? JsonSerializer.Deserialize(text.Bytes, json) : JsonSerializer.Deserialize((string)values[0], json)) ?? throw new JsonException("it is null"));

    private static int Number(object[] values) => checked((int)(long)values[0]);
}

/// <summary>A text as SQLite stores it.</summary>
internal sealed record Utf8Text(byte[] Bytes)
{
    public override string ToString() => Encoding.UTF8.GetString(Bytes);
}
