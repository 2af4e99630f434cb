namespace EgressAlerts.Naming.Dns;

/// <summary>A queue of questions to DNS. Those that carry most traffic come first, and none is asked twice at a time. Any thread.</summary>
internal sealed class LookupQueue(int capacity) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Question, Flight> _flights = [];
    private readonly SortedSet<Flight> _order = new(Comparer<Flight>.Create(
        (one, other) => one.Weight != other.Weight ? other.Weight.CompareTo(one.Weight) : one.Number.CompareTo(other.Number)));

    /// <summary>Counts the questions that nobody looks up yet. So many workers may go on.</summary>
    private readonly SemaphoreSlim _waiting = new(0);
    private long _number;

    public int Waiting => _waiting.CurrentCount;

    /// <summary>Puts a question into the queue, or gives one that is there more weight.</summary>
    /// <returns>False where the queue is full and the lightest question was dropped, be it this one or another.</returns>
    public bool TryAdd(Question question, double weight)
    {
        Flight dropped;
        lock (_lock)
        {
            if (_flights.TryGetValue(question, out var flight))
            {
                if (weight == 0 || !_order.Remove(flight)) return true;
                flight.Weight += weight;
                _order.Add(flight);
                return true;
            }

            flight = new Flight(question, _number++) { Weight = weight };
            _flights.Add(question, flight);
            _order.Add(flight);
            if (_order.Count <= capacity)
            {
                _waiting.Release();
                return true;
            }

            dropped = _order.Max!;
            _order.Remove(dropped);
            _flights.Remove(dropped.Question);
        }

        dropped.End();
        return false;
    }

    /// <summary>The heaviest that nobody looks up yet, as soon as there is one. It stays under way until <see cref="Done"/>.</summary>
    public async Task<Flight> TakeAsync(CancellationToken cancel)
    {
        await _waiting.WaitAsync(cancel);
        lock (_lock)
        {
            var flight = _order.Min!;
            _order.Remove(flight);
            return flight;
        }
    }

    public void Done(Flight flight)
    {
        lock (_lock) _flights.Remove(flight.Question);
        flight.End();
    }

    /// <summary>Completes when those of the questions that are queued or under way have ended.</summary>
    public Task WhenDone(IEnumerable<Question> questions)
    {
        lock (_lock) return Task.WhenAll(questions.Select(_flights.GetValueOrDefault).OfType<Flight>().Select(flight => flight.Ended).ToList());
    }

    public void Dispose() => _waiting.Dispose();

    /// <summary>One question on its way.</summary>
    internal sealed class Flight(Question question, long number)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Question Question => question;

        public long Number => number;

        public double Weight { get; set; }

        public Task Ended => _ended.Task;

        public void End() => _ended.SetResult();
    }
}
