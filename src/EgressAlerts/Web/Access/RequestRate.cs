namespace EgressAlerts.Web;

/// <summary>Lets requests through at a steady rate, and some at once. Any thread.</summary>
/// <param name="interval">After how long one more request is let through.</param>
/// <param name="burst">How many requests are let through at once after a quiet time.</param>
internal sealed class RequestRate(TimeSpan interval, int burst, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _left = burst;
    private long _at = time.GetTimestamp();

    /// <summary>False where the request has to be refused.</summary>
    public bool TryTake()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _left = Math.Min(burst, _left + (time.GetElapsedTime(_at, now) / interval));
            _at = now;
            if (_left < 1) return false;
            _left--;
            return true;
        }
    }
}
