using System.Net;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming.Dns;

/// <summary>Knows of one name server whether it answers, and how fast. Any thread.</summary>
/// <param name="isAlone">Whether there is no other server to ask while this one rests.</param>
internal sealed class DnsServer(IPEndPoint endpoint, bool isAlone, TimeProvider time, ILogger logger)
{
    private const int FailuresToRest = 5;
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private double _meanSeconds;
    private int _failures;
    private int _rests;
    private long _lastReply = long.MinValue;
    private long _restsUntil;
    private bool _isProbed;
    private DateTimeOffset? _restingSince;
    private string _lastError = "";

    public ServerClient Client { get; } = new(endpoint);

    public NameServerStatus Status
    {
        get
        {
            lock (_lock) return new(endpoint.ToString(), _restingSince, _lastError);
        }
    }

    /// <summary>Whether the server may be asked. It may not while it rests after repeated failures. After that it may be asked one question, which
    /// decides.</summary>
    public bool TryUse()
    {
        lock (_lock)
        {
            if (_restingSince is null) return true;
            if (_isProbed || time.GetTimestamp() < _restsUntil) return false;
            return _isProbed = true;
        }
    }

    /// <summary>How long to wait before another server is asked: five times this server's mean time, but at least 250 ms.
    /// Until the mean is known, and at most, it is <paramref name="most"/>.</summary>
    public TimeSpan Patience(TimeSpan most)
    {
        var mean = Volatile.Read(ref _meanSeconds);
        var patience = Math.Max(LeastTimeout.TotalSeconds, mean * 5) * (1 + (Random.Shared.NextDouble() / 4));
        return mean == 0 || patience >= most.TotalSeconds ? most : TimeSpan.FromSeconds(patience);
    }

    /// <summary>Takes <see cref="TryUse"/> back, where nobody knows what became of the question.</summary>
    public void Unused()
    {
        lock (_lock) _isProbed = false;
    }

    /// <summary>The server has sent something.</summary>
    /// <param name="started">The timestamp at which it was asked.</param>
    /// <param name="error">What is wrong with it all the same; empty where nothing is.</param>
    public void Answered(long started, string error)
    {
        bool wasResting;
        lock (_lock)
        {
            var seconds = time.GetElapsedTime(started).TotalSeconds;
            _meanSeconds = _meanSeconds == 0 ? seconds : (_meanSeconds * 0.9) + (seconds * 0.1);
            wasResting = _restingSince is not null;
            (_failures, _rests, _isProbed, _lastReply, _restingSince, _lastError) = (0, 0, false, time.GetTimestamp(), null, error);
        }

        if (wasResting) Log.ServerIsBack(logger, endpoint.ToString());
    }

    /// <summary>The server has sent nothing.</summary>
    /// <param name="started">The timestamp at which it was asked.</param>
    /// <param name="mayBeLoss">Whether one question may have been lost while others are answered.</param>
    public void Failed(long started, string error, bool mayBeLoss)
    {
        lock (_lock)
        {
            var isStraggler = _restingSince is not null && !_isProbed;
            if (isStraggler) return;
            _lastError = error;
            if ((mayBeLoss && _lastReply > started) || (_restingSince is null && ++_failures < FailuresToRest)) return;
            var isNew = _restingSince is null;
            (_isProbed, _meanSeconds) = (false, 0); // The mean is no guide any more.
            _restingSince ??= time.GetUtcNow();
            var rest = Math.Min(LongestRest.TotalSeconds, FirstRest.TotalSeconds * Math.Pow(2, _rests++));
            _restsUntil = time.GetTimestamp() + (long)(Jitter.Apply(TimeSpan.FromSeconds(rest)).TotalSeconds * time.TimestampFrequency);
            if (!isNew) return;
        }

        if (isAlone) Log.ServerRests(logger, endpoint.ToString(), error);
        else Log.OneServerRests(logger, endpoint.ToString(), error);
    }
}

/// <summary>The state of one name server.</summary>
/// <param name="Server">Its address and port.</param>
/// <param name="RestingSince">Since when it is not asked, because it did not answer. Null while it is asked.</param>
/// <param name="LastError">Why the last question to it failed. Empty if the server answered it.</param>
public sealed record NameServerStatus(string Server, DateTimeOffset? RestingSince, string LastError);
