namespace EgressAlerts.Cardinality;

/// <summary>Finds the heaviest of more keys than can be remembered (Space-Saving: Metwally, Agrawal, El Abbadi 2005). All weights halve every
/// hour.</summary>
/// <remarks>Where there is no room, a new key takes the place of the lightest one, and its weight as its error: that much it may be overstated. With room for
/// two keys that weigh 5 and 3, a new key of weight 1 replaces the second one, weighs 4, and has an error of 3. No error exceeds the total divided by the
/// capacity, and every key that carries more than that is present.</remarks>
/// <param name="order">The order of keys that weigh the same, so that replicas forget the same one.</param>
/// <param name="touched">Called with each key that is added, changed or removed.</param>
internal sealed class SpaceSaving<TKey>(int capacity, IComparer<TKey> order, Action<TKey> touched)
    where TKey : notnull
{
    // A heap with the least weight at the root: the one that a new key replaces.
    private readonly Dictionary<TKey, int> _places = [];
    private readonly List<Counter> _heap = [];

    public int Count => _heap.Count;

    /// <summary>The weight of the key less its error. Zero where the key is unknown.</summary>
    public double Guaranteed(TKey key, long hour) => Find(key) is { } found ? found.Weight.At(hour) - found.Error.At(hour) : 0;

    /// <summary>The weight, and by how much it may be overstated. Null where the key is unknown.</summary>
    public (Fading Weight, Fading Error)? Find(TKey key) => _places.TryGetValue(key, out var place) ? (_heap[place].Weight, _heap[place].Error) : null;

    public void Add(TKey key, double weight, long hour)
    {
        if (_places.TryGetValue(key, out var place))
        {
            var known = _heap[place];
            _heap[place] = new(key, known.Weight.Plus(weight, hour), known.Error.Plus(0, hour));
            Sink(place);
        }
        else if (_heap.Count < capacity)
        {
            Restore(key, new(weight, hour), new(0, hour));
        }
        else
        {
            var least = _heap[0];
            _places.Remove(least.Key);
            touched(least.Key);
            _heap[0] = new(key, least.Weight.Plus(weight, hour), least.Weight.Plus(0, hour));
            _places.Add(key, 0);
            Sink(0);
        }

        touched(key);
    }

    /// <summary>Takes a key that was known before a restart. What finds no room is forgotten.</summary>
    public void Restore(TKey key, Fading weight, Fading error)
    {
        if (_heap.Count == capacity)
        {
            touched(key);
            return;
        }

        _heap.Add(new(key, weight, error));
        _places.Add(key, _heap.Count - 1);
        Rise(_heap.Count - 1);
    }

    /// <summary>Forgets a key.</summary>
    public void Remove(TKey key)
    {
        if (!_places.Remove(key, out var place)) return;
        touched(key);
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

    private void Rise(int place)
    {
        for (; place > 0 && IsLess(_heap[place], _heap[(place - 1) / 2]); place = (place - 1) / 2) Swap(place, (place - 1) / 2);
    }

    private void Sink(int place)
    {
        while ((place * 2) + 1 is var child && child < _heap.Count)
        {
            if (child + 1 < _heap.Count && IsLess(_heap[child + 1], _heap[child])) child++;
            if (!IsLess(_heap[child], _heap[place])) return;
            Swap(place, child);
            place = child;
        }
    }

    /// <summary>The answer is the same at any time, because both weights halve at the same pace.</summary>
    private bool IsLess(in Counter one, in Counter other)
    {
        var hour = Math.Max(one.Weight.Hour, other.Weight.Hour);
        var (here, there) = (one.Weight.At(hour), other.Weight.At(hour));
        return here < there || (here == there && order.Compare(one.Key, other.Key) < 0);
    }

    private void Swap(int one, int other)
    {
        (_heap[one], _heap[other]) = (_heap[other], _heap[one]);
        _places[_heap[one].Key] = one;
        _places[_heap[other].Key] = other;
    }

    private readonly record struct Counter(TKey Key, Fading Weight, Fading Error);
}
