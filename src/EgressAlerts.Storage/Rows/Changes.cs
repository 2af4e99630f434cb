using Microsoft.Data.Sqlite;

namespace EgressAlerts.Storage;

/// <summary>The rows to write: those of the last window, and those that the disk refused before. Each key has its newest row.</summary>
internal sealed class Changes : IDisposable
{
    private readonly Dictionary<(string Place, Type Kind), IPending> _byPlace = [];

    public int Count => _byPlace.Values.Sum(rows => rows.Count);

    /// <summary>The new values of a table's rows by key. Null removes the row.</summary>
    public Dictionary<TKey, object[]?> Of<TKey, TState>(Shape<TKey, TState> shape)
        where TKey : notnull => Pending(shape).ByKey;

    /// <summary>Removes a row that cannot be read with the next <see cref="Write"/>.</summary>
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

    /// <summary>Forgets all rows, and ends the statements, which belong to one connection. Call it before that connection closes.</summary>
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
                else Put(shape.KeyValues(key), state);
            }

            void Put(object[] key, object[] state)
            {
                var columns = shape.KeyColumns.Count + shape.StateColumns.Count;
                _put ??= new($"INSERT INTO {shape.Table} ({Keys}{States}) VALUES ", columns, OnConflict, connection);
                _put.Run(key, state);
            }

            void Remove(object[] key)
            {
                _remove ??= new($"DELETE FROM {shape.Table} WHERE ({Keys}) = ", shape.KeyColumns.Count, "", connection);
                _remove.Run(key, []);
            }
        }

        public void Dispose()
        {
            _put?.Dispose();
            _remove?.Dispose();
        }

        /// <summary>Updates a row in place, which keeps it on its page. REPLACE would take the row out and put it in again.</summary>
        private string OnConflict => shape.StateColumns.Count == 0
            ? " ON CONFLICT DO NOTHING"
            : " ON CONFLICT DO UPDATE SET " + string.Join(", ", shape.StateColumns.Select(column => $"{column} = excluded.{column}"));

        private string Keys => string.Join(", ", shape.KeyColumns);

        private string States => string.Concat(shape.StateColumns.Select(column => $", {column}"));
    }
}
