using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Remembers the last sample of every raw series and turns newer samples into increments, each sample once. Hot code.</summary>
/// <remarks>What a window delivers is held back until <see cref="Commit"/>, so that a failed window leaves no trace. A series costs at most
/// 64 bytes: 48 of state and 16 for the sample that waits.</remarks>
internal sealed class CounterTracker
{
    /// <summary>A series that shows no sample for this long is forgotten; should it come back, it counts as new.</summary>
    internal static readonly TimeSpan Memory = TimeSpan.FromHours(24);

    private const int SavedBytes = 32;

    private readonly SeriesTable _table = new();
    private readonly ClassTable _classes = new();
    private readonly List<Pending> _pending = [];
    private readonly List<(int Pending, double Amount)> _resets = [];
    private SeriesHash _hash = SeriesHash.Random();
    private (int Pending, int Resets, int Series) _window;
    private (int Pending, int Resets, int Series) _query;
    private long _end;
    private long _remembered;
    private long _nextSweep;

    public int Count => _table.Count;

    /// <summary>What all known series count, with how many count it. A series from a checkpoint is missing until it has been seen again.</summary>
    public IEnumerable<(Classified What, int Series)> Classes => _classes.All;

    /// <summary>Everything that follows, up to <see cref="Commit"/>, belongs to this window; an unfinished one before it is forgotten.</summary>
    public void Begin(Window window)
    {
        Back(_window);
        _end = window.End.ToUnixTimeMilliseconds();
        _remembered = _end - (long)Memory.TotalMilliseconds;
        if (_pending.Capacity < _table.Count) _pending.Capacity = _table.Count + (_table.Count / 16);
    }

    /// <summary>The next observations belong to a new query.</summary>
    public void BeginQuery() => _query = (_pending.Count, _resets.Count, _table.Count);

    /// <summary>Forgets what the current query delivered so far.</summary>
    public void RestartQuery() => Back(_query);

    /// <summary>The slot of a series, good until the window ends; a series that is not known is added.</summary>
    /// <param name="isClassified">False where it must be classified before it is observed.</param>
    public int Slot(ReadOnlySpan<byte> labels, out SeriesId id, out bool isClassified)
    {
        id = _hash.Of(labels);
        var slot = _table.Find(id);
        if (slot == SeriesTable.None) slot = _table.Add(id);
        isClassified = _table[slot].Class != SeriesTable.None;
        return slot;
    }

    /// <summary>The time of a series' last counted sample; <see cref="SeriesTable.Never"/> where there is none.</summary>
    public long LastSample(SeriesId id) => _table.Find(id) is not SeriesTable.None and var slot ? _table[slot].Milliseconds : SeriesTable.Never;

    public void Classify(int slot, Classified what) => _table[slot].Class = _classes.Enter(what);

    /// <summary>Adds a series' samples, in order of time. Those that were already accounted for are passed over; NaN is no count.</summary>
    public void Observe(int slot, ReadOnlySpan<Sample> samples)
    {
        ref var entry = ref _table[slot];
        var (last, value) = IsNew(entry) ? (_remembered, 0) : (entry.Milliseconds, entry.Value);
        var (hasSample, before, hidden) = (false, value, 0.0);
        foreach (var sample in samples)
        {
            if (sample.Milliseconds <= last || sample.Milliseconds > _end || !double.IsFinite(sample.Value) || sample.Value < 0) continue;
            // A counter that fell restarted from zero: what it had reached would be lost in the difference of first and last.
            if (sample.Value < value) hidden += value;
            (last, value, hasSample) = (sample.Milliseconds, sample.Value, true);
        }

        if (!hasSample) return;
        if (hidden > 0) _resets.Add((_pending.Count, hidden));
        _pending.Add(new Pending(slot, (int)(last - _end), value));
    }

    /// <summary>Makes the window's samples the last ones and says what each class grew by.</summary>
    public IReadOnlyList<Growth> Commit()
    {
        var pending = CollectionsMarshal.AsSpan(_pending);
        var reset = 0;
        for (var i = 0; i < pending.Length; i++)
        {
            var hidden = reset < _resets.Count && _resets[reset].Pending == i ? _resets[reset++].Amount : 0;
            ref var entry = ref _table[pending[i].Slot];
            var milliseconds = _end + pending[i].Offset;
            if (milliseconds <= entry.Milliseconds) continue; // The server sent the series twice.
            // Istio creates a series with its first event, so what a new one shows has happened.
            var isNew = IsNew(entry);
            var amount = pending[i].Value - (isNew ? 0 : entry.Value) + hidden;
            (entry.Milliseconds, entry.Value) = (milliseconds, pending[i].Value);
            if (amount > 0) _classes.Grew(entry.Class, amount, isNew);
        }

        var growth = _classes.TakeGrowth();
        _pending.Clear();
        _resets.Clear();
        Sweep();
        _window = _query = (0, 0, _table.Count);
        return growth;
    }

    /// <summary>Every series will be classified anew when it is next seen.</summary>
    public void Declassify()
    {
        for (var slot = 0; slot < _table.Count; slot++)
        {
            ref var entry = ref _table[slot];
            _classes.Leave(entry.Class);
            entry.Class = SeriesTable.None;
        }
    }

    public void Save(BinaryWriter to)
    {
        to.Write(_hash.Key0);
        to.Write(_hash.Key1);
        to.Write(_table.Count);
        Span<byte> bytes = stackalloc byte[SavedBytes];
        for (var slot = 0; slot < _table.Count; slot++)
        {
            ref var entry = ref _table[slot];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, entry.Id.High);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], entry.Id.Low);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], entry.Milliseconds);
            BinaryPrimitives.WriteDoubleLittleEndian(bytes[24..], entry.Value);
            to.Write(bytes);
        }
    }

    public void Load(BinaryReader from)
    {
        _hash = new SeriesHash(from.ReadUInt64(), from.ReadUInt64());
        foreach (var (id, milliseconds, value) in from.ReadAll(() => (new SeriesId(from.ReadUInt64(), from.ReadUInt64()), from.ReadInt64(), from.ReadDouble())))
        {
            ref var entry = ref _table[_table.Add(id)];
            (entry.Milliseconds, entry.Value) = (milliseconds, value);
        }

        _window = _query = (0, 0, _table.Count);
    }

    private bool IsNew(in SeriesTable.Entry entry) => entry.Milliseconds < _remembered;

    private void Back((int Pending, int Resets, int Series) to)
    {
        _pending.RemoveRange(to.Pending, _pending.Count - to.Pending);
        _resets.RemoveRange(to.Resets, _resets.Count - to.Resets);
        for (var slot = to.Series; slot < _table.Count; slot++) _classes.Leave(_table[slot].Class);
        _table.Truncate(to.Series);
    }

    /// <summary>Gives the room of forgotten series back, now and then: whether one counts as new is decided by its time alone.</summary>
    private void Sweep()
    {
        if (_end < _nextSweep) return;
        _nextSweep = _end + ((long)Memory.TotalMilliseconds / 24);
        _table.RemoveOlderThan(_remembered, _classes.Leave);
        if (_classes.Compact() is not { } numbers) return;
        for (var slot = 0; slot < _table.Count; slot++)
        {
            ref var entry = ref _table[slot];
            if (entry.Class != SeriesTable.None) entry.Class = numbers[entry.Class];
        }
    }

    /// <summary>The last sample that a window brought to a series.</summary>
    /// <param name="Offset">Its time, in milliseconds from the window's end.</param>
    private readonly record struct Pending(int Slot, int Offset, double Value);
}
