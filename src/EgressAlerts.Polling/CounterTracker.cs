using System.Runtime.InteropServices;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Remembers the last sample of every raw series and turns newer samples into increments, each sample once.</summary>
/// <remarks>What a window delivers is held back until <see cref="Commit"/>, so that a failed window leaves no trace.</remarks>
internal sealed class CounterTracker
{
    /// <summary>A series that shows no sample for this long is forgotten; should it come back, it counts as new.</summary>
    internal static readonly TimeSpan Memory = TimeSpan.FromHours(24);

    private readonly Dictionary<SeriesId, State> _series = [];
    private readonly Dictionary<Classified, Classified> _classes = [];
    private readonly List<Observation> _window = [];
    private int _query;

    public int Count => _series.Count;

    /// <summary>The next observations belong to a new query.</summary>
    public void BeginQuery() => _query = _window.Count;

    /// <summary>Forgets what the current query delivered so far.</summary>
    public void RestartQuery() => _window.RemoveRange(_query, _window.Count - _query);

    /// <summary>Forgets what the current window delivered so far.</summary>
    public void Discard() => _window.Clear();

    /// <summary>The classification that an earlier window found for this series; null where it must be found from the labels.</summary>
    public Classified? Known(SeriesId id) => _series.TryGetValue(id, out var state) ? state.Class : null;

    /// <summary>Adds a series' samples, in order of time. Those that were already accounted for are passed over; NaN is no count.</summary>
    public void Observe(SeriesId id, Classified what, ReadOnlySpan<Sample> samples)
    {
        var known = _series.TryGetValue(id, out var state);
        var (last, value, amount) = (known ? state.LastMilliseconds : long.MinValue, state.LastValue, 0.0);
        foreach (var sample in samples)
        {
            if (sample.Milliseconds <= last || !double.IsFinite(sample.Value) || sample.Value < 0) continue;
            // Istio creates a series with its first event, so what a new one shows has happened; a counter that fell restarted from zero.
            amount += sample.Value < value ? sample.Value : sample.Value - value;
            (last, value) = (sample.Milliseconds, sample.Value);
        }

        if (last != long.MinValue) _window.Add(new(id, what, last, value, amount, IsNew: !known));
    }

    /// <summary>Makes the window's samples the last ones and yields what each series grew by; <c>IsNew</c> marks a series never seen before.</summary>
    public IEnumerable<(Classified What, double Amount, bool IsNew)> Commit(Window window)
    {
        var seen = window.End.ToUnixTimeSeconds();
        foreach (var (id, what, last, value, amount, isNew) in _window)
        {
            ref var state = ref CollectionsMarshal.GetValueRefOrAddDefault(_series, id, out _);
            state = new State(last, value, seen, state.Class ?? Interned(what));
            if (amount > 0) yield return (what, amount, isNew);
        }

        _window.Clear();
        Forget(seen - (long)Memory.TotalSeconds);
    }

    public void Save(BinaryWriter to) => to.WriteAll(_series, entry =>
    {
        to.Write(entry.Key.High);
        to.Write(entry.Key.Low);
        to.Write(entry.Value.LastMilliseconds);
        to.Write(entry.Value.LastValue);
        to.Write(entry.Value.SeenSeconds);
    });

    public void Load(BinaryReader from)
    {
        foreach (var (id, state) in from.ReadAll(() => (
            new SeriesId(from.ReadUInt64(), from.ReadUInt64()),
            new State(from.ReadInt64(), from.ReadDouble(), from.ReadInt64(), Class: null))))
        {
            _series[id] = state;
        }
    }

    private Classified Interned(Classified what)
    {
        ref var same = ref CollectionsMarshal.GetValueRefOrAddDefault(_classes, what, out _);
        return same ??= what;
    }

    private void Forget(long before)
    {
        var old = _series.Where(entry => entry.Value.SeenSeconds < before).Select(entry => entry.Key).ToList();
        if (old.Count == 0) return;
        foreach (var id in old) _series.Remove(id);
        _classes.Clear();
        foreach (var state in _series.Values)
        {
            if (state.Class is { } what) _classes.TryAdd(what, what);
        }
    }

    private readonly record struct State(long LastMilliseconds, double LastValue, long SeenSeconds, Classified? Class);

    private readonly record struct Observation(SeriesId Id, Classified What, long LastMilliseconds, double LastValue, double Amount, bool IsNew);
}
