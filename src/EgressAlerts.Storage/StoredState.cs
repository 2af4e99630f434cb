using System.Text.Json.Serialization.Metadata;

namespace EgressAlerts.Storage;

/// <summary>The state of one set of stages. Each stage takes its tables from it when it is made. Called by the pass alone.</summary>
/// <remarks>A set that is thrown away, because its pass failed, leaves nothing behind.</remarks>
public sealed class StoredState
{
    private readonly Store _store;
    private readonly List<ITouched> _touched = [];

    internal StoredState(Store store) => _store = store;

    internal IReadOnlyList<ITouched> Touched => _touched;

    /// <summary>The number of rows that could not be read. For tests.</summary>
    internal int Lost { get; private set; }

    /// <summary>Loads a table as of the last commit.</summary>
    /// <exception cref="StoreException">The disk refuses to read, or the database is damaged.</exception>
    public Table<TKey, TState> Table<TKey, TState>(Shape<TKey, TState> shape)
        where TKey : notnull
    {
        var (states, lost) = _store.Load(shape);
        var table = new Table<TKey, TState>(shape, states, lost);
        Lost += lost;
        Own(table);
        return table;
    }

    /// <summary>Loads the value with this name as of the last commit.</summary>
    /// <param name="initial">The value where the database has none, or none that can be read.</param>
    /// <exception cref="StoreException">The disk refuses to read, or the database is damaged.</exception>
    public Cell<TState> Cell<TState>(string name, JsonTypeInfo<TState> json, TState initial)
    {
        var shape = Shape.Json<string, TState>("cell", ["name"], key => [key], values => (string)values[0], json);
        return new Cell<TState>(Table(shape with { Part = ("name", name) }), name, initial);
    }

    /// <summary>Loads the rows of state that a stage keeps in a form of its own, as of the last commit.</summary>
    /// <param name="find">Finds the present state of a key in that form. Each commit asks it for the keys that were touched.</param>
    /// <returns>The rows to touch, the states that were read, and the number of rows that could not be read.</returns>
    /// <exception cref="StoreException">The disk refuses to read, or the database is damaged.</exception>
    public (Rows<TKey, TState> Rows, IReadOnlyDictionary<TKey, TState> Loaded, int Lost) Rows<TKey, TState>(
        Shape<TKey, TState> shape, Rows<TKey, TState>.Finder find)
        where TKey : notnull
    {
        var (states, lost) = _store.Load(shape);
        var rows = new Rows<TKey, TState>(shape, find, states.Keys.ToHashSet());
        Lost += lost;
        Own(rows);
        return (rows, states, lost);
    }

    /// <summary>Writes the rows that changed since the last commit, in one transaction.</summary>
    /// <returns>False where the disk refused them. They are committed all the same: a later commit writes them.</returns>
    public bool Commit() => _store.Commit(this);

    /// <summary>Lists the rows that differ from the stages' state after a commit, because nobody touched them. For tests.</summary>
    internal IReadOnlyList<string> Stale() => [.. _touched.SelectMany(touched => touched.Stale(_store))];

    private void Own(ITouched touched)
    {
        _touched.Add(touched);
        _store.Own(touched);
    }
}
