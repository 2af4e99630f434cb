using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace EgressAlerts.Dns;

/// <summary>How the wait for a reply ended.</summary>
internal enum ExchangeResult
{
    Replied,
    Timeout,

    /// <summary>The server's host refused, or the connection broke.</summary>
    Unreachable,
}

/// <summary>One question on its way and the room for its reply; pooled, so that asking allocates nothing. Hot code.</summary>
/// <remarks>Whoever takes it out of <see cref="PendingReplies"/> completes it, nobody else; so a late reply never writes into one that was given back.</remarks>
internal sealed class Exchange : IValueTaskSource<ExchangeResult>
{
    private const int MaxPooled = 1024;

    /// <summary>A name of 255 bytes with header, type, class and EDNS0.</summary>
    private const int MaxQuery = 300;

    /// <summary>Ordinary replies; what is larger gets room of its own.</summary>
    private const int OrdinaryReply = 1232;

    private static readonly ConcurrentQueue<Exchange> Pool = new();
    private static int _pooled;

    private readonly byte[] _query = new byte[MaxQuery];
    private readonly byte[] _ordinary = new byte[OrdinaryReply];
    private ManualResetValueTaskSourceCore<ExchangeResult> _core;
    private int _queryLength;
    private byte[] _reply;
    private int _replyLength;

    private Exchange() => _reply = _ordinary;

    /// <summary>The timestamp after which nobody waits any more.</summary>
    public long Deadline { get; set; }

    public ushort Id { get; set; }

    /// <summary>The question as it is sent; its id is written by the channel.</summary>
    public Span<byte> Query => _query.AsSpan(0, _queryLength);

    public ReadOnlySpan<byte> Reply => _reply.AsSpan(0, _replyLength);

    public static Exchange Rent()
    {
        if (!Pool.TryDequeue(out var exchange)) return new Exchange();
        Interlocked.Decrement(ref _pooled);
        return exchange;
    }

    /// <summary>Writes the question; false where there can be no such name.</summary>
    public bool TryAsk(string name, RecordType type, bool edns) => (_queryLength = DnsMessage.WriteQuestion(_query, name, type, edns)) > 0;

    /// <summary>Makes it ready to be sent (again).</summary>
    public void Reset()
    {
        _core.Reset();
        _replyLength = 0;
    }

    public ValueTask<ExchangeResult> Result => new(this, _core.Version);

    public void Complete(ReadOnlySpan<byte> reply)
    {
        _reply = reply.Length <= _ordinary.Length ? _ordinary : new byte[reply.Length];
        reply.CopyTo(_reply);
        _replyLength = reply.Length;
        _core.SetResult(ExchangeResult.Replied);
    }

    public void Fail(ExchangeResult result) => _core.SetResult(result);

    /// <summary>Gives it back; it must not be waiting.</summary>
    public void Return()
    {
        _reply = _ordinary;
        if (Interlocked.Increment(ref _pooled) <= MaxPooled) Pool.Enqueue(this);
        else Interlocked.Decrement(ref _pooled);
    }

    ExchangeResult IValueTaskSource<ExchangeResult>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ExchangeResult>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<ExchangeResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
