namespace EgressAlerts.Alerting;

/// <summary>What waits for one Alertmanager: the newest state of each alert. When it is full, the oldest alert makes room. Any thread.</summary>
internal sealed class AlertQueue : IDisposable
{
    public const int Capacity = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Alert>> _byFingerprint = [];
    private readonly LinkedList<Alert> _order = new();
    private readonly SemaphoreSlim _filled = new(0, 1);

    public int Count
    {
        get
        {
            lock (_lock) return _order.Count;
        }
    }

    /// <summary>Returns how many alerts had to make room.</summary>
    public int Put(IEnumerable<Alert> alerts)
    {
        var dropped = 0;
        lock (_lock)
        {
            foreach (var alert in alerts)
            {
                if (_byFingerprint.TryGetValue(alert.Fingerprint, out var waiting))
                {
                    waiting.Value = alert;
                    continue;
                }

                if (_order.Count == Capacity)
                {
                    _byFingerprint.Remove(_order.First!.Value.Fingerprint);
                    _order.RemoveFirst();
                    dropped++;
                }

                _byFingerprint.Add(alert.Fingerprint, _order.AddLast(alert));
            }

            if (_order.Count > 0 && _filled.CurrentCount == 0) _filled.Release();
        }

        return dropped;
    }

    /// <summary>Takes the oldest alerts out, up to <paramref name="most"/>.</summary>
    public IReadOnlyList<Alert> Take(int most)
    {
        lock (_lock)
        {
            var taken = _order.Take(most).ToList();
            foreach (var alert in taken)
            {
                _byFingerprint.Remove(alert.Fingerprint);
                _order.RemoveFirst();
            }

            return taken;
        }
    }

    /// <summary>Puts alerts that were taken out but not sent back to the front.
    /// A newer state that came meanwhile stays, and a full queue takes none back.</summary>
    /// <returns>How many alerts found no room.</returns>
    public int PutBack(IReadOnlyList<Alert> alerts)
    {
        var dropped = 0;
        lock (_lock)
        {
            foreach (var alert in alerts.Reverse())
            {
                if (_byFingerprint.ContainsKey(alert.Fingerprint)) continue;
                if (_order.Count == Capacity) dropped++;
                else _byFingerprint.Add(alert.Fingerprint, _order.AddFirst(alert));
            }

            if (_order.Count > 0 && _filled.CurrentCount == 0) _filled.Release();
        }

        return dropped;
    }

    public Task WaitAsync(CancellationToken cancel) => _filled.WaitAsync(cancel);

    public void Dispose() => _filled.Dispose();
}
