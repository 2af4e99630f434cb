namespace EgressAlerts.Storage;

/// <summary>Knows which rows of a table the window has touched. What they are to hold is asked at the commit. Called by the pass alone.</summary>
/// <remarks>For state that a stage keeps in a form of its own. Other state lies in a <see cref="Table{TKey, TState}"/>.</remarks>
/// <param name="find">The state of a key as it is now; false where the row is to be removed.</param>
public sealed class Rows<TKey, TState>(Shape<TKey, TState> shape, Rows<TKey, TState>.Finder find) : ITouched
    where TKey : notnull
{
    private readonly HashSet<TKey> _touched = [];

    public delegate bool Finder(TKey key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out TState state);

    /// <summary>The state of this key has changed, has begun or has ended.</summary>
    public void Touch(TKey key) => _touched.Add(key);

    void ITouched.TakeChanges(Changes changes)
    {
        if (_touched.Count == 0) return;
        var rows = changes.Of(shape);
        foreach (var key in _touched) rows[key] = find(key, out var state) ? shape.StateValues(state) : null;
        _touched.Clear();
    }

    IEnumerable<string> ITouched.Stale(Store store) => Differences(store, shape, find, []);

    /// <param name="keys">Keys that there have to be rows of.</param>
    internal static IEnumerable<string> Differences(Store store, Shape<TKey, TState> shape, Finder find, IEnumerable<TKey> keys)
    {
        var written = store.Load(shape).States;
        foreach (var key in written.Keys.Union(keys))
        {
            var (before, now) = (written.TryGetValue(key, out var row) ? Text(shape.StateValues(row)) : "nothing", find(key, out var state) ? Text(shape.StateValues(state)) : "nothing");
            if (before != now) yield return $"{shape.Table} {Text(shape.KeyValues(key))} holds {before} and should hold {now}";
        }

        static string Text(object[] values) => string.Join(", ", values.Select(value => value is byte[] bytes ? Convert.ToHexStringLower(bytes) : $"{value}"));
    }
}

/// <summary>What a commit needs of whatever keeps state.</summary>
internal interface ITouched
{
    /// <summary>Moves what was touched since the last call to <paramref name="changes"/>.</summary>
    void TakeChanges(Changes changes);

    /// <summary>Rows that differ from what they should hold after a commit, because somebody forgot to touch them. For tests.</summary>
    IEnumerable<string> Stale(Store store);
}
