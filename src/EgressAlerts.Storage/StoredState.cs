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

    /// <summary>How many rows could not be read. For tests.</summary>
    internal int Lost { get; private set; }

    /// <summary>A table as of the last commit.</summary>
    public Table<TKey, TState> Table<TKey, TState>(Shape<TKey, TState> shape)
        where TKey : notnull
    {
        var (states, lost) = _store.Load(shape);
        var table = new Table<TKey, TState>(shape, states, lost);
        Lost += lost;
        Own(table);
        return table;
    }

    /// <summary>The one value with this name as of the last commit.</summary>
    /// <param name="initial">What it is where there is none yet, or none that can be read.</param>
    public Cell<TState> Cell<TState>(string name, JsonTypeInfo<TState> json, TState initial)
    {
        var shape = Shape.Json<string, TState>("cell", ["name"], key => [key], values => (string)values[0], json) with { Part = ("name", name) };
        return new Cell<TState>(Table(shape), name, initial);
    }

    /// <summary>Rows of state that a stage keeps in a form of its own, as of the last commit.</summary>
    /// <returns>The rows to touch, what they held, and how many could not be read.</returns>
    public (Rows<TKey, TState> Rows, IReadOnlyDictionary<TKey, TState> Loaded, int Lost) Rows<TKey, TState>(Shape<TKey, TState> shape, Rows<TKey, TState>.Finder find)
        where TKey : notnull
    {
        var (states, lost) = _store.Load(shape);
        var rows = new Rows<TKey, TState>(shape, find, states.Keys);
        Lost += lost;
        Own(rows);
        return (rows, states, lost);
    }

    /// <summary>Writes what changed since the last commit, in one transaction.</summary>
    /// <returns>False where the disk refused it. It counts all the same, and is written with a later commit.</returns>
    public bool Commit() => _store.Commit(this);

    /// <summary>Rows that differ from what the stages hold after a commit: somebody forgot to touch them. For tests.</summary>
    internal IReadOnlyList<string> Stale() => [.. _touched.SelectMany(touched => touched.Stale(_store))];

    private void Own(ITouched touched)
    {
        _touched.Add(touched);
        _store.Own(touched);
    }
}
