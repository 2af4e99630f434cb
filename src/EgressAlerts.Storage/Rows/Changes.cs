using Microsoft.Data.Sqlite;

namespace EgressAlerts.Storage;

/// <summary>Rows that are to be written: those of the last window, and those of earlier ones that the disk refused. Of each key the newest.</summary>
internal sealed class Changes : IDisposable
{
    private readonly Dictionary<(string Place, Type Kind), IPending> _byPlace = [];

    public int Count => _byPlace.Values.Sum(rows => rows.Count);

    /// <summary>The values of a table's rows by key; null where a row is to be removed.</summary>
    public Dictionary<TKey, object[]?> Of<TKey, TState>(Shape<TKey, TState> shape)
        where TKey : notnull => Pending(shape).ByKey;

    /// <summary>A row that nobody can read is to be removed.</summary>
    public void Discard<TKey, TState>(Shape<TKey, TState> shape, object[] keyValues)
        where TKey : notnull => Pending(shape).Unreadable.Add(keyValues);

    public void Write(SqliteConnection connection)
    {
        foreach (var rows in _byPlace.Values) rows.Write(connection);
    }

    public void Clear()
    {
        foreach (var rows in _byPlace.Values) rows.Clear();
    }

    /// <summary>The statements belong to a connection: called before another one is used.</summary>
    public void Dispose()
    {
        foreach (var rows in _byPlace.Values) rows.Dispose();
        _byPlace.Clear();
    }

    private PendingRows<TKey, TState> Pending<TKey, TState>(Shape<TKey, TState> shape)
        where TKey : notnull
    {
        var key = (shape.Place, typeof(PendingRows<TKey, TState>));
        if (!_byPlace.TryGetValue(key, out var rows)) _byPlace.Add(key, rows = new PendingRows<TKey, TState>(shape));
        return (PendingRows<TKey, TState>)rows;
    }

    private interface IPending : IDisposable
    {
        int Count { get; }

        void Clear();

        void Write(SqliteConnection connection);
    }

    private sealed class PendingRows<TKey, TState>(Shape<TKey, TState> shape) : IPending
        where TKey : notnull
    {
        private Statement? _put;
        private Statement? _remove;

        public Dictionary<TKey, object[]?> ByKey { get; } = [];

        public List<object[]> Unreadable { get; } = [];

        public int Count => ByKey.Count + Unreadable.Count;

        public void Clear()
        {
            ByKey.Clear();
            Unreadable.Clear();
        }

        public void Write(SqliteConnection connection)
        {
            foreach (var key in Unreadable) Remove(key);
            foreach (var (key, state) in ByKey)
            {
                if (state is null) Remove(shape.KeyValues(key));
                else (_put ??= new($"INSERT INTO {shape.Table} ({Keys}{States}) VALUES ", shape.KeyColumns.Count + shape.StateColumns.Count, OnConflict, connection)).Run(shape.KeyValues(key), state);
            }

            void Remove(object[] key) => (_remove ??= new($"DELETE FROM {shape.Table} WHERE ({Keys}) = ", shape.KeyColumns.Count, "", connection)).Run(key, []);
        }

        public void Dispose()
        {
            _put?.Dispose();
            _remove?.Dispose();
        }

        /// <summary>An update in place keeps a row on its page; to replace it would take it out and put it in again.</summary>
        private string OnConflict => shape.StateColumns.Count == 0 ? " ON CONFLICT DO NOTHING" : $" ON CONFLICT DO UPDATE SET {string.Join(", ", shape.StateColumns.Select(column => $"{column} = excluded.{column}"))}";

        private string Keys => string.Join(", ", shape.KeyColumns);

        private string States => string.Concat(shape.StateColumns.Select(column => $", {column}"));
    }
}
