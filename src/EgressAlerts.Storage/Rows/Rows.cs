using System.Diagnostics.CodeAnalysis;

namespace EgressAlerts.Storage;

/// <summary>Notes which rows of a table a window has touched. The commit asks the stage for their new values. Called by the pass alone.</summary>
/// <remarks>For state that a stage keeps in a form of its own. Other state lies in a <see cref="Table{TKey, TState}"/>.</remarks>
public sealed class Rows<TKey, TState> : ITouched
    where TKey : notnull
{
    private readonly Shape<TKey, TState> _shape;
    private readonly Finder _find;
    private readonly HashSet<TKey> _touched = [];
    private readonly IReadOnlyCollection<TKey> _keys;
    private readonly HashSet<TKey>? _written;

    /// <param name="find">Finds the present state of a key.</param>
    /// <param name="keys">The keys that have a state at present. Somebody else keeps them.</param>
    internal Rows(Shape<TKey, TState> shape, Finder find, IReadOnlyCollection<TKey> keys) => (_shape, _find, _keys) = (shape, find, keys);

    /// <param name="find">Finds the present state of a key.</param>
    /// <param name="written">The keys that have a row. Each commit keeps them up to date.</param>
    internal Rows(Shape<TKey, TState> shape, Finder find, HashSet<TKey> written)
        : this(shape, find, (IReadOnlyCollection<TKey>)written) => _written = written;

    /// <summary>Finds the present state of a key.</summary>
    /// <returns>False where there is none, so that its row is to be removed.</returns>
    public delegate bool Finder(TKey key, [MaybeNullWhen(false)] out TState state);

    string ITouched.Place => _shape.Place;

    /// <summary>Notes that the state of this key has changed, has begun or has ended.</summary>
    public void Touch(TKey key) => _touched.Add(key);

    void ITouched.TakeChanges(Changes changes)
    {
        var rows = changes.Of(_shape);
        foreach (var key in _touched)
        {
            var isThere = _find(key, out var state);
            rows[key] = isThere ? _shape.StateValues(state!) : null;
            _ = isThere ? _written?.Add(key) : _written?.Remove(key);
        }

        _touched.Clear();
    }

    void ITouched.TakeAll(Changes changes)
    {
        var rows = changes.Of(_shape);
        foreach (var key in _keys)
        {
            if (_find(key, out var state)) rows[key] = _shape.StateValues(state);
        }
    }

    IEnumerable<string> ITouched.Stale(Store store)
    {
        var written = store.Load(_shape).States;
        foreach (var key in written.Keys.Union(_keys))
        {
            var place = $"{_shape.Table} {Text(_shape.KeyValues(key))}";
            var row = written.TryGetValue(key, out var found) ? Text(_shape.StateValues(found)) : "nothing";
            var state = _find(key, out var present) ? Text(_shape.StateValues(present)) : "nothing";
            if (!_keys.Contains(key)) yield return $"{place} has a row and is not known to have one";
            if (row != state) yield return $"{place} holds {row} and should hold {state}";
        }

        static string Text(object[] values) => string.Join(", ", values.Select(value => value is byte[] bytes ? Convert.ToHexStringLower(bytes) : $"{value}"));
    }
}

/// <summary>A table, or a part of one, that a commit asks for its changed rows.</summary>
internal interface ITouched
{
    /// <summary>The name of the table, with the name of the part where this is only a part of it.</summary>
    string Place { get; }

    /// <summary>Adds the rows to <paramref name="changes"/> that were touched since the last call, and forgets that they were.</summary>
    void TakeChanges(Changes changes);

    /// <summary>Adds all rows to <paramref name="changes"/>, as they were at the last call of <see cref="TakeChanges"/>.</summary>
    void TakeAll(Changes changes);

    /// <summary>Lists the rows that differ from the stage's state after a commit, because nobody touched them. For tests.</summary>
    IEnumerable<string> Stale(Store store);
}
