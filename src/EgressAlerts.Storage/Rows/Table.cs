using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace EgressAlerts.Storage;

/// <summary>A dictionary that the database keeps. The next commit writes every row that was put, touched or removed.</summary>
/// <remarks>Only the pass calls it, unless all callers hold <see cref="Lock"/>.</remarks>
/// <typeparam name="TState">
/// A commit writes the state as it is then. Call <see cref="Touch"/> after changing a state in place: otherwise the change is lost when the process ends.
/// </typeparam>
#pragma warning disable CA1710 // A database calls it a table, and so does this code.
public sealed class Table<TKey, TState> : ITouched, IReadOnlyCollection<KeyValuePair<TKey, TState>>
    where TKey : notnull
#pragma warning restore CA1710
{
    private readonly Dictionary<TKey, TState> _states;
    private readonly Rows<TKey, TState> _rows;

    private ITouched Touched => _rows;

    internal Table(Shape<TKey, TState> shape, Dictionary<TKey, TState> states, int lost) =>
        (_states, _rows, Lost) = (states, new(shape, states.TryGetValue, states.Keys), lost);

    /// <summary>A commit holds it while it reads the table.</summary>
    public Lock Lock { get; } = new();

    /// <summary>The number of rows that could not be read when the table was loaded.</summary>
    public int Lost { get; }

    public int Count => _states.Count;

    public IReadOnlyCollection<TKey> Keys => _states.Keys;

    public IReadOnlyCollection<TState> Values => _states.Values;

    /// <exception cref="KeyNotFoundException">The key has no state.</exception>
    public TState this[TKey key] => _states[key];

    public bool Has(TKey key) => _states.ContainsKey(key);

    public bool TryFind(TKey key, [MaybeNullWhen(false)] out TState state) => _states.TryGetValue(key, out state);

    public void Put(TKey key, TState state)
    {
        _states[key] = state;
        Touch(key);
    }

    /// <summary>Notes that the state of this key has changed in place.</summary>
    public void Touch(TKey key) => _rows.Touch(key);

    /// <returns>False where the key had no state.</returns>
    public bool Remove(TKey key)
    {
        if (!_states.Remove(key)) return false;
        Touch(key);
        return true;
    }

    public IEnumerator<KeyValuePair<TKey, TState>> GetEnumerator() => _states.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _states.GetEnumerator();

    string ITouched.Place => Touched.Place;

    void ITouched.TakeChanges(Changes changes)
    {
        lock (Lock) Touched.TakeChanges(changes);
    }

    void ITouched.TakeAll(Changes changes)
    {
        lock (Lock) Touched.TakeAll(changes);
    }

    IEnumerable<string> ITouched.Stale(Store store) => Touched.Stale(store);
}

/// <summary>One value that the database keeps under a name. Called by the pass alone.</summary>
public sealed class Cell<TState>
{
    private readonly Table<string, TState> _table;
    private readonly string _name;
    private TState _value;

    internal Cell(Table<string, TState> table, string name, TState initial)
    {
        (_table, _name) = (table, name);
        _value = table.TryFind(name, out var known) ? known : initial;
    }

    /// <summary>Whether the database had a value that could not be read.</summary>
    public bool IsLost => _table.Lost > 0;

    public TState Value
    {
        get => _value;
        set
        {
            _value = value;
            Touch();
        }
    }

    /// <summary>Notes that the value has changed in place.</summary>
    public void Touch() => _table.Put(_name, _value);
}
