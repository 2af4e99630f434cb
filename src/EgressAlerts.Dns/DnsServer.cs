using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Dns;

/// <summary>One name server: its sockets, how fast it answers, and whether it does. Any thread.</summary>
internal sealed class DnsServer : IDisposable
{
    private const int FailuresToBeDown = 5;
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan WithoutEdnsFor = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly DnsMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly bool _isAlone;
    private readonly List<UdpChannel> _draining = [];
    private readonly ITimer _clock;
    private UdpChannel? _udp;
    private TcpChannel? _tcp;
    private double _meanSeconds;
    private int _failures;
    private int _rests;
    private long _lastReply = long.MinValue;
    private long _restsUntil;
    private long _ednsAgain;
    private bool _isDown;
    private bool _isProbed;
    private bool _isTicking;
    private bool _isDisposed;
    private DateTimeOffset? _restingSince;
    private string _lastError = "";

    /// <param name="isAlone">Whether there is no other server to ask while this one rests.</param>
    public DnsServer(IPEndPoint endpoint, bool isAlone, DnsMetrics metrics, TimeProvider time, ILogger logger)
    {
        (Endpoint, _isAlone, _metrics, _time, _logger) = (endpoint, isAlone, metrics, time, logger);
        _clock = time.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public IPEndPoint Endpoint { get; }

    public NameServerStatus Status
    {
        get
        {
            lock (_lock) return new(Endpoint.ToString(), _restingSince, _lastError);
        }
    }

    public bool SpeaksEdns => _time.GetTimestamp() >= Volatile.Read(ref _ednsAgain);

    /// <summary>False while it rests after failing repeatedly; when it has rested, true for one question, whose fate decides.</summary>
    public bool TryUse()
    {
        lock (_lock)
        {
            if (!_isDown) return true;
            if (_isProbed || _time.GetTimestamp() < _restsUntil) return false;
            return _isProbed = true;
        }
    }

    /// <summary>How long to wait before another server is asked: five times what this one usually takes; until that is known, and at most, <paramref name="most"/>.</summary>
    public TimeSpan Patience(TimeSpan most)
    {
        var mean = Volatile.Read(ref _meanSeconds);
        var patience = Math.Max(LeastTimeout.TotalSeconds, mean * 5) * (1 + (Random.Shared.NextDouble() / 4));
        return mean == 0 || patience >= most.TotalSeconds ? most : TimeSpan.FromSeconds(patience);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ExchangeResult> AskAsync(Exchange exchange, TimeSpan timeout)
    {
        var started = _time.GetTimestamp();
        if (Channel() is not { } channel) return Judged(ExchangeResult.Unreachable, started);
        var waiting = channel.AskAsync(exchange, timeout);
        Watch();
        var result = await waiting;
        if (result == ExchangeResult.Timeout) channel.Retire();
        return Judged(result, started);
    }

    public async ValueTask<ExchangeResult> AskTcpAsync(Exchange exchange, TimeSpan timeout)
    {
        TcpChannel channel;
        lock (_lock)
        {
            if (_isDisposed) return ExchangeResult.Unreachable;
            if (_tcp is not { IsRetired: false })
            {
                _tcp?.Dispose(); // Nobody waits there, or they have been failed already.
                _tcp = new TcpChannel(Endpoint, _metrics, _time);
            }

            channel = _tcp;
        }

        var waiting = channel.AskAsync(exchange, timeout);
        Watch();
        return await waiting;
    }

    public void NoEdns() => Volatile.Write(ref _ednsAgain, _time.GetTimestamp() + Ticks(WithoutEdnsFor));

    public void Dispose()
    {
        _clock.Dispose();
        List<IDisposable> all;
        lock (_lock)
        {
            _isDisposed = true;
            all = [.. _draining];
            if (_udp is not null) all.Add(_udp);
            if (_tcp is not null) all.Add(_tcp);
        }

        foreach (var channel in all) channel.Dispose(); // Outside of the lock: whoever waited there goes on.
    }

    /// <summary>One socket is open to new questions; one that is retired stays until its replies have come.</summary>
    private UdpChannel? Channel()
    {
        lock (_lock)
        {
            if (_isDisposed) return null;
            if (_udp is { IsRetired: false }) return _udp;
            if (_udp is not null) _draining.Add(_udp);
            try
            {
                return _udp = new UdpChannel(Endpoint, _metrics, _time);
            }
            catch (SocketException)
            {
                return _udp = null;
            }
        }
    }

    private ExchangeResult Judged(ExchangeResult result, long started)
    {
        bool wasResting;
        lock (_lock)
        {
            wasResting = _restingSince is not null;
            Judge(result, started);
            if (wasResting == _restingSince is not null) return result;
        }

        if (wasResting) Log.ServerIsBack(_logger, Endpoint.ToString());
        else if (_isAlone) Log.ServerRests(_logger, Endpoint.ToString(), Text(result));
        else Log.OneServerRests(_logger, Endpoint.ToString(), Text(result));
        return result;
    }

    private static string Text(ExchangeResult result) => result == ExchangeResult.Timeout ? "no answer in time" : "connection refused";

    private void Judge(ExchangeResult result, long started)
    {
        _lastError = result == ExchangeResult.Replied ? "" : Text(result);
        if (result == ExchangeResult.Replied)
        {
            var seconds = _time.GetElapsedTime(started).TotalSeconds;
            _meanSeconds = _meanSeconds == 0 ? seconds : (_meanSeconds * 0.9) + (seconds * 0.1);
            (_failures, _rests, _isDown, _isProbed, _lastReply, _restingSince) = (0, 0, false, false, _time.GetTimestamp(), null);
            return;
        }

        // While it answers others, what was lost was lost on the way.
        var isLoss = _lastReply > started && result == ExchangeResult.Timeout;
        var isStraggler = _isDown && !_isProbed;
        if (isLoss || isStraggler || (!_isDown && ++_failures < FailuresToBeDown)) return;
        _restingSince ??= _time.GetUtcNow();
        (_isDown, _isProbed, _meanSeconds) = (true, false, 0); // What it took is no guide any more.
        var rest = Math.Min(LongestRest.TotalSeconds, FirstRest.TotalSeconds * Math.Pow(2, _rests++));
        _restsUntil = _time.GetTimestamp() + Ticks(Jitter.Of(TimeSpan.FromSeconds(rest)));
    }

    /// <summary>Lets the clock tick while anybody waits.</summary>
    private void Watch()
    {
        lock (_lock)
        {
            if (_isTicking || _isDisposed) return;
            _isTicking = true;
            _clock.Change(Tick, Timeout.InfiniteTimeSpan);
        }
    }

    private void Expire()
    {
        List<PendingReplies> waiting;
        lock (_lock)
        {
            if (_isDisposed) return;
            _draining.RemoveAll(channel => channel.Pending.Count == 0); // Its receiver sees that too, and closes it.
            if (_tcp is { IsRetired: true })
            {
                _tcp.Dispose();
                _tcp = null;
            }

            waiting = [.. _draining.Select(channel => channel.Pending)];
            if (_udp is not null) waiting.Add(_udp.Pending);
            if (_tcp is not null) waiting.Add(_tcp.Pending);
            _isTicking = _tcp is not null || _draining.Count > 0 || waiting.Any(pending => pending.Count > 0);
            if (_isTicking) _clock.Change(Tick, Timeout.InfiniteTimeSpan);
        }

        foreach (var pending in waiting) pending.Expire();
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * _time.TimestampFrequency);
}
