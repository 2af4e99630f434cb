using System.Numerics;

namespace EgressAlerts.Polling;

/// <summary>The raw series that are known, in the order in which they were first seen. Hot code: 40 bytes a series and 4 to 8 of index,
/// whatever its labels, in chunks, so that growing copies only the index.</summary>
internal sealed class SeriesTable
{
    public const int None = -1;

    /// <summary>The time of a series without a sample.</summary>
    public const long Never = long.MinValue;

    private const int ChunkBits = 12;
    private const int ChunkSize = 1 << ChunkBits;

    private readonly List<Entry[]> _chunks = [];
    private int[] _heads = new int[1 << 8]; // The newest series of each bucket, counted from 1; 0 where there is none.
    private int _previous = None;

    public int Count { get; private set; }

    public ref Entry this[int slot] => ref _chunks[slot >> ChunkBits][slot & (ChunkSize - 1)];

    /// <summary>The slot of a series, or <see cref="None"/>.</summary>
    public int Find(SeriesId id)
    {
        // Servers answer in the same order every time: mostly the series after the one before.
        var next = _previous + 1;
        if (next < Count && this[next].Id == id) return _previous = next;
        for (var slot = _heads[Bucket(id)] - 1; slot != None; slot = this[slot].Next)
        {
            if (this[slot].Id == id) return _previous = slot;
        }

        return None;
    }

    /// <summary>Adds a series that is not there yet; it has no sample and no class.</summary>
    public int Add(SeriesId id)
    {
        if (Count == _heads.Length) Reindex(_heads.Length * 2);
        if (Count == _chunks.Count << ChunkBits) _chunks.Add(new Entry[ChunkSize]);
        var slot = Count++;
        this[slot] = new Entry(id);
        Link(slot);
        return _previous = slot;
    }

    /// <summary>Takes the newest series out again until <paramref name="count"/> are left.</summary>
    public void Truncate(int count)
    {
        while (Count > count)
        {
            // The newest is always at the head of its bucket.
            ref var entry = ref this[--Count];
            _heads[Bucket(entry.Id)] = entry.Next + 1;
        }

        _previous = None;
    }

    /// <summary>Takes out all that were last seen before an instant and closes the gaps; the others keep their order but not their slots.</summary>
    /// <param name="removed">Told the class of each that goes.</param>
    public void RemoveOlderThan(long milliseconds, Action<int> removed)
    {
        var kept = 0;
        for (var slot = 0; slot < Count; slot++)
        {
            ref var entry = ref this[slot];
            if (entry.Milliseconds < milliseconds) removed(entry.Class);
            else if (kept++ != slot) this[kept - 1] = entry;
        }

        if (kept == Count) return;
        Count = kept;
        _chunks.RemoveRange((kept + ChunkSize - 1) >> ChunkBits, _chunks.Count - ((kept + ChunkSize - 1) >> ChunkBits));
        Reindex(Math.Max(1 << 8, (int)BitOperations.RoundUpToPowerOf2((uint)kept)));
    }

    private void Reindex(int size)
    {
        _heads = new int[size];
        _previous = None;
        for (var slot = 0; slot < Count; slot++) Link(slot);
    }

    private void Link(int slot)
    {
        ref var entry = ref this[slot];
        ref var head = ref _heads[Bucket(entry.Id)];
        entry.Next = head - 1;
        head = slot + 1;
    }

    private int Bucket(SeriesId id) => (int)id.Low & (_heads.Length - 1);

    /// <summary>One series.</summary>
    internal struct Entry(SeriesId id)
    {
        public readonly SeriesId Id = id;

        /// <summary>The time of its last sample that was counted.</summary>
        public long Milliseconds = Never;

        public double Value;

        /// <summary>Its place among the classes, or <see cref="None"/>.</summary>
        public int Class = None;

        /// <summary>The next older series of the same bucket.</summary>
        internal int Next = None;
    }
}
