using System.Numerics;

namespace EgressAlerts.Polling;

/// <summary>An entry of a <see cref="KeyedTable{T}"/>.</summary>
internal interface IKeyed
{
    ulong Key { get; }

    /// <summary>The next older entry of the same bucket, kept by the table.</summary>
    int Next { get; set; }
}

/// <summary>A table of entries in the order in which they were added, with an index by a 64-bit key. Several entries may have the same key. Hot code.</summary>
/// <remarks>Entries lie in chunks, so that growing copies only the index. Servers answer in the same order every time. So nearly every look-up finds its
/// entry right behind the one before, and the index can be small: it has one number for up to four entries.</remarks>
internal sealed class KeyedTable<T>
    where T : struct, IKeyed
{
    public const int None = -1;

    private const int ChunkBits = 12;
    private const int ChunkSize = 1 << ChunkBits;
    private const int EntriesPerBucket = 4;

    private readonly List<T[]> _chunks = [];
    private int[] _heads = new int[1 << 8]; // The newest entry of each bucket, counted from 1; 0 where there is none.
    private int _previous = None;

    public int Count { get; private set; }

    public ref T this[int row] => ref _chunks[row >> ChunkBits][row & (ChunkSize - 1)];

    /// <summary>The newest entry with this key, or <see cref="None"/>.</summary>
    public int Find(ulong key)
    {
        var next = _previous + 1;
        if (next < Count && this[next].Key == key) return _previous = next;
        var found = Search(key, _heads[Bucket(key)] - 1);
        if (found != None) _previous = found;
        return found;
    }

    /// <summary>The next older entry with the same key as <paramref name="row"/>, or <see cref="None"/>.</summary>
    public int FindOlder(int row) => Search(this[row].Key, this[row].Next);

    /// <summary>Adds an entry, also where there is one with the same key.</summary>
    public int Add(T entry)
    {
        if (Count == _heads.Length * EntriesPerBucket) Reindex(_heads.Length * 2);
        if (Count == _chunks.Count << ChunkBits) _chunks.Add(new T[ChunkSize]);
        var row = Count++;
        this[row] = entry;
        Link(row);
        return _previous = row;
    }

    /// <summary>Removes the newest entries until <paramref name="count"/> are left.</summary>
    public void Truncate(int count)
    {
        while (Count > count)
        {
            // The newest entry is always at the head of its bucket.
            ref var entry = ref this[--Count];
            _heads[Bucket(entry.Key)] = entry.Next + 1;
        }

        _previous = None;
    }

    /// <summary>Removes the entries that are not wanted, and closes the gaps. The others keep their order but not their rows.</summary>
    /// <returns>The new row of each old one, or <see cref="None"/> where it is gone. Null where all stay.</returns>
    public int[]? RemoveWhere(Predicate<int> isUnwanted)
    {
        var rows = new int[Count];
        var kept = 0;
        for (var row = 0; row < Count; row++) rows[row] = isUnwanted(row) ? None : kept++;
        if (kept == Count) return null;
        for (var row = 0; row < Count; row++)
        {
            if (rows[row] != None) this[rows[row]] = this[row];
        }

        Count = kept;
        var chunks = (kept + ChunkSize - 1) >> ChunkBits;
        _chunks.RemoveRange(chunks, _chunks.Count - chunks);
        Reindex(Math.Max(1 << 8, (int)BitOperations.RoundUpToPowerOf2((uint)kept / EntriesPerBucket)));
        return rows;
    }

    private int Search(ulong key, int row)
    {
        while (row != None && this[row].Key != key) row = this[row].Next;
        return row;
    }

    private void Reindex(int size)
    {
        _heads = new int[size];
        _previous = None;
        for (var row = 0; row < Count; row++) Link(row);
    }

    private void Link(int row)
    {
        ref var entry = ref this[row];
        ref var head = ref _heads[Bucket(entry.Key)];
        entry.Next = head - 1;
        head = row + 1;
    }

    private int Bucket(ulong key) => (int)key & (_heads.Length - 1);
}
