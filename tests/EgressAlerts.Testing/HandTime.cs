namespace EgressAlerts.Testing;

/// <summary>Time that moves by hand.</summary>
/// <param name="timers">Whether timers too go off when time is moved, and only then. Otherwise they run in real time.</param>
public sealed class HandTime(bool timers = false) : TimeProvider
{
    private readonly List<HandTimer> _timers = [];
    private DateTimeOffset _now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _now.UtcTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Moves time, and lets the timers go off that are due by then.</summary>
    public void Advance(TimeSpan by)
    {
        _now += by;
        HandTimer[] all;
        lock (_timers) all = [.. _timers];
        foreach (var timer in all) timer.Look(_now);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (!timers) return base.CreateTimer(callback, state, dueTime, period);
        var timer = new HandTimer(this, callback, state);
        lock (_timers) _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class HandTimer(HandTime time, TimerCallback callback, object? state) : ITimer
    {
        private DateTimeOffset _due = DateTimeOffset.MaxValue;
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            (_due, _period) = (dueTime == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : time._now + dueTime, period);
            return true;
        }

        public void Look(DateTimeOffset now)
        {
            if (now < _due) return;
            _due = _period == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : now + _period;
            callback(state);
        }

        public void Dispose()
        {
            lock (time._timers) time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
