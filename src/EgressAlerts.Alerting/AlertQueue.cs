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

    public Task WaitAsync(CancellationToken cancel) => _filled.WaitAsync(cancel);

    public void Dispose() => _filled.Dispose();
}
