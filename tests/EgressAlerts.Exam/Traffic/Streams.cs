namespace EgressAlerts.Exam.Traffic;

/// <summary>All that goes on: each stream plays what is due at an instant and says when it is due again.</summary>
internal sealed class Streams
{
    private readonly List<Func<long, long>> _plays = [];
    private readonly List<Service> _services = [];
    private readonly List<string> _kinds = [];
    private long[] _due = new long[64];

    /// <summary>How often each kind of traffic was played.</summary>
    public Dictionary<string, long> Played { get; } = [];

    /// <param name="play">Gets the instant; gives the next one, later than it, or <see cref="long.MaxValue"/> for never again.</param>
    public void Add(string kind, Service service, long first, Func<long, long> play)
    {
        if (_plays.Count == _due.Length) Array.Resize(ref _due, _due.Length * 2);
        _due[_plays.Count] = Math.Max(first, service.Born);
        _plays.Add(play);
        _services.Add(service);
        _kinds.Add(kind);
    }

    /// <summary>Plays all that is due before an instant.</summary>
    public void Until(long end)
    {
        // Streams may be added while others play.
        for (var i = 0; i < _plays.Count; i++)
        {
            while (_due[i] < end)
            {
                var at = _due[i];
                if (at >= _services[i].Died)
                {
                    _due[i] = long.MaxValue;
                    break;
                }

                var next = _plays[i](at);
                Played[_kinds[i]] = Played.GetValueOrDefault(_kinds[i]) + 1;
                _due[i] = next > at ? next : throw new InvalidOperationException($"the stream '{_kinds[i]}' does not go on");
            }
        }
    }
}
