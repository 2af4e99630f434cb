using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace EgressAlerts.Storage;

/// <summary>A dictionary that the database keeps: what is put, touched or removed is written with the next commit.</summary>
/// <remarks>Called by the pass alone, unless all its callers hold <see cref="Lock"/>.</remarks>
/// <typeparam name="TState">It is written as it is at the commit. Who changes it in place calls <see cref="Touch"/>, else the change is lost with the process.</typeparam>
#pragma warning disable CA1710 // It is what the database calls a table.
public sealed class Table<TKey, TState> : ITouched, IReadOnlyCollection<KeyValuePair<TKey, TState>>
    where TKey : notnull
#pragma warning restore CA1710
{
    private readonly Shape<TKey, TState> _shape;
    private readonly Dictionary<TKey, TState> _states;
    private readonly HashSet<TKey> _touched = [];

    internal Table(Shape<TKey, TState> shape, Dictionary<TKey, TState> states, int lost) => (_shape, _states, Lost) = (shape, states, lost);

    /// <summary>Held while a commit reads the table.</summary>
    public Lock Lock { get; } = new();

    /// <summary>How many rows could not be read when the table was opened.</summary>
    public int Lost { get; }

    public int Count => _states.Count;

    public IReadOnlyCollection<TKey> Keys => _states.Keys;

    public IReadOnlyCollection<TState> Values => _states.Values;

    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public TState this[TKey key] => _states[key];

    public bool Has(TKey key) => _states.ContainsKey(key);

    public bool TryFind(TKey key, [MaybeNullWhen(false)] out TState state) => _states.TryGetValue(key, out state);

    public void Put(TKey key, TState state)
    {
        _states[key] = state;
        _touched.Add(key);
    }

    /// <summary>The state of this key has changed in place.</summary>
    public void Touch(TKey key) => _touched.Add(key);

    /// <returns>False where there was none.</returns>
    public bool Remove(TKey key)
    {
        if (!_states.Remove(key)) return false;
        _touched.Add(key);
        return true;
    }

    public IEnumerator<KeyValuePair<TKey, TState>> GetEnumerator() => _states.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _states.GetEnumerator();

    string ITouched.Place => _shape.Place;

    void ITouched.TakeChanges(Changes changes)
    {
        lock (Lock)
        {
            var rows = changes.Of(_shape);
            foreach (var key in _touched) rows[key] = _states.TryGetValue(key, out var state) ? _shape.StateValues(state) : null;
            _touched.Clear();
        }
    }

    void ITouched.TakeAll(Changes changes)
    {
        lock (Lock)
        {
            var rows = changes.Of(_shape);
            foreach (var (key, state) in _states) rows[key] = _shape.StateValues(state);
        }
    }

    IEnumerable<string> ITouched.Stale(Store store) => Rows<TKey, TState>.Differences(store, _shape, _states.TryGetValue, _states.Keys);
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

    /// <summary>True where there was a value that could not be read.</summary>
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

    /// <summary>The value has changed in place.</summary>
    public void Touch() => _table.Put(_name, _value);
}
