namespace EgressAlerts.Storage;

/// <summary>Knows which rows of a table the window has touched. What they are to hold is asked at the commit. Called by the pass alone.</summary>
/// <remarks>For state that a stage keeps in a form of its own. Other state lies in a <see cref="Table{TKey, TState}"/>.</remarks>
public sealed class Rows<TKey, TState> : ITouched
    where TKey : notnull
{
    private readonly Shape<TKey, TState> _shape;
    private readonly Finder _find;
    private readonly HashSet<TKey> _touched = [];
    private readonly HashSet<TKey> _written;

    /// <param name="find">The state of a key as it is now; false where the row is to be removed.</param>
    /// <param name="written">The keys that have a row.</param>
    internal Rows(Shape<TKey, TState> shape, Finder find, IEnumerable<TKey> written) => (_shape, _find, _written) = (shape, find, [.. written]);

    public delegate bool Finder(TKey key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out TState state);

    string ITouched.Place => _shape.Place;

    /// <summary>The state of this key has changed, has begun or has ended.</summary>
    public void Touch(TKey key) => _touched.Add(key);

    void ITouched.TakeChanges(Changes changes)
    {
        var rows = changes.Of(_shape);
        foreach (var key in _touched)
        {
            var isThere = _find(key, out var state);
            rows[key] = isThere ? _shape.StateValues(state!) : null;
            _ = isThere ? _written.Add(key) : _written.Remove(key);
        }

        _touched.Clear();
    }

    void ITouched.TakeAll(Changes changes)
    {
        var rows = changes.Of(_shape);
        foreach (var key in _written)
        {
            if (_find(key, out var state)) rows[key] = _shape.StateValues(state);
        }
    }

    IEnumerable<string> ITouched.Stale(Store store) => Differences(store, _shape, _find, _written);

    /// <param name="keys">The keys that there have to be rows of, and no others.</param>
    internal static IEnumerable<string> Differences(Store store, Shape<TKey, TState> shape, Finder find, IReadOnlyCollection<TKey> keys)
    {
        var written = store.Load(shape).States;
        foreach (var key in written.Keys.Union(keys))
        {
            var (before, now) = (written.TryGetValue(key, out var row) ? Text(shape.StateValues(row)) : "nothing", find(key, out var state) ? Text(shape.StateValues(state)) : "nothing");
            if (!keys.Contains(key)) yield return $"{shape.Table} {Text(shape.KeyValues(key))} has a row and is not known to have one";
            if (before != now) yield return $"{shape.Table} {Text(shape.KeyValues(key))} holds {before} and should hold {now}";
        }

        static string Text(object[] values) => string.Join(", ", values.Select(value => value is byte[] bytes ? Convert.ToHexStringLower(bytes) : $"{value}"));
    }
}

/// <summary>What a commit needs of whatever keeps state.</summary>
internal interface ITouched
{
    /// <summary>The table, and the part of it that this is.</summary>
    string Place { get; }

    /// <summary>Moves what was touched since the last call to <paramref name="changes"/>.</summary>
    void TakeChanges(Changes changes);

    /// <summary>Adds everything to <paramref name="changes"/>, as of the last call of <see cref="TakeChanges"/>.</summary>
    void TakeAll(Changes changes);

    /// <summary>Rows that differ from what they should hold after a commit, because somebody forgot to touch them. For tests.</summary>
    IEnumerable<string> Stale(Store store);
}
