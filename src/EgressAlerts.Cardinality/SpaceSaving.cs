using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>Finds what carries most among more keys than can be remembered (Metwally, Agrawal, El Abbadi 2005): a weight is overstated by at most its error,
/// no error exceeds the total divided by the capacity, and every key that carries more than that is present.</summary>
internal sealed class SpaceSaving<TKey>(int capacity)
    where TKey : notnull
{
    // A heap with the least weight at the root: the one that a new key replaces.
    private readonly Dictionary<TKey, int> _places = [];
    private readonly List<Counter> _heap = [];

    public int Count => _heap.Count;

    /// <summary>All weight ever added, halved with it.</summary>
    public double Total { get; private set; }

    /// <summary>The weight that the key has carried for sure; zero where it is unknown.</summary>
    public double Guaranteed(TKey key) => _places.TryGetValue(key, out var place) ? _heap[place].Weight - _heap[place].Error : 0;

    /// <summary>The weight and by how much it may be overstated; null where it is unknown.</summary>
    public (double Weight, double Error)? Find(TKey key) => _places.TryGetValue(key, out var place) ? (_heap[place].Weight, _heap[place].Error) : null;

    public void Add(TKey key, double weight)
    {
        Total += weight;
        if (_places.TryGetValue(key, out var place))
        {
            _heap[place] = _heap[place] with { Weight = _heap[place].Weight + weight };
            Sink(place);
        }
        else if (_heap.Count < capacity)
        {
            _heap.Add(new(key, weight, 0));
            _places.Add(key, _heap.Count - 1);
            Rise(_heap.Count - 1);
        }
        else
        {
            var least = _heap[0];
            _places.Remove(least.Key);
            _heap[0] = new(key, least.Weight + weight, least.Weight);
            _places.Add(key, 0);
            Sink(0);
        }
    }

    /// <summary>It has a place of its own now.</summary>
    public void Remove(TKey key)
    {
        if (!_places.Remove(key, out var place)) return;
        var last = _heap.Count - 1;
        if (place != last)
        {
            _heap[place] = _heap[last];
            _places[_heap[place].Key] = place;
        }

        _heap.RemoveAt(last);
        if (place == last) return;
        Rise(place);
        Sink(place);
    }

    /// <summary>Halves every weight, so that the past counts less and less.</summary>
    public void Halve()
    {
        Total /= 2;
        for (var i = 0; i < _heap.Count; i++) _heap[i] = _heap[i] with { Weight = _heap[i].Weight / 2, Error = _heap[i].Error / 2 };
    }

    public void Save(BinaryWriter to, Action<TKey> write)
    {
        to.Write(Total);
        to.WriteAll(_heap, counter =>
        {
            write(counter.Key);
            to.Write(counter.Weight);
            to.Write(counter.Error);
        });
    }

    public void Load(BinaryReader from, Func<TKey> read)
    {
        Total = from.ReadDouble();
        foreach (var counter in from.ReadAll(() => new Counter(read(), from.ReadDouble(), from.ReadDouble())).Take(capacity))
        {
            _heap.Add(counter);
            _places[counter.Key] = _heap.Count - 1;
            Rise(_heap.Count - 1);
        }
    }

    private void Rise(int place)
    {
        for (; place > 0 && _heap[place].Weight < _heap[(place - 1) / 2].Weight; place = (place - 1) / 2) Swap(place, (place - 1) / 2);
    }

    private void Sink(int place)
    {
        while ((place * 2) + 1 is var child && child < _heap.Count)
        {
            if (child + 1 < _heap.Count && _heap[child + 1].Weight < _heap[child].Weight) child++;
            if (_heap[place].Weight <= _heap[child].Weight) return;
            Swap(place, child);
            place = child;
        }
    }

    private void Swap(int one, int other)
    {
        (_heap[one], _heap[other]) = (_heap[other], _heap[one]);
        _places[_heap[one].Key] = one;
        _places[_heap[other].Key] = other;
    }

    private readonly record struct Counter(TKey Key, double Weight, double Error);
}
