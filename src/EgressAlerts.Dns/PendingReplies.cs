using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EgressAlerts.Dns;

/// <summary>The questions of one channel that wait for their replies, under random ids. Any thread.</summary>
internal sealed class PendingReplies(DnsMetrics metrics, TimeProvider time)
{
    private const int MaxPending = 32_768; // Half of all ids, so that a free one is found soon.

    private readonly Lock _lock = new();
    private readonly Dictionary<ushort, Exchange> _pending = [];
    private readonly byte[] _random = new byte[512];
    private int _randomUsed = 512;
    private bool _isClosed;

    public int Count
    {
        get
        {
            lock (_lock) return _pending.Count;
        }
    }

    /// <summary>Gives the question an id of its own; false where no more may wait here.</summary>
    public bool TryRegister(Exchange exchange, TimeSpan timeout)
    {
        exchange.Deadline = time.GetTimestamp() + (long)(timeout.TotalSeconds * time.TimestampFrequency);
        lock (_lock)
        {
            if (_isClosed || _pending.Count >= MaxPending) return false;
            do exchange.Id = RandomId();
            while (!_pending.TryAdd(exchange.Id, exchange));
            BinaryPrimitives.WriteUInt16BigEndian(exchange.Query, exchange.Id);
            return true;
        }
    }

    /// <summary>Takes what arrived. A reply must have a pending id and repeat its question; anything else is counted, and the wait goes on.</summary>
    public void Accept(ReadOnlySpan<byte> message)
    {
        if (message.Length < DnsMessage.HeaderBytes)
        {
            metrics.Unwanted("short");
            return;
        }

        Exchange? exchange;
        string? unwanted;
        lock (_lock)
        {
            unwanted = _pending.TryGetValue(BinaryPrimitives.ReadUInt16BigEndian(message), out exchange) ? DnsMessage.Unwanted(message, exchange.Query) : "unknown_id";
            if (unwanted is null) _pending.Remove(exchange!.Id);
        }

        if (unwanted is null) exchange!.Complete(message);
        else metrics.Unwanted(unwanted);
    }

    /// <summary>Takes a question back that could not be sent; false where it has been completed already.</summary>
    public bool Remove(Exchange exchange)
    {
        lock (_lock) return _pending.Remove(exchange.Id);
    }

    /// <summary>Ends the wait of those whose time has passed.</summary>
    public void Expire()
    {
        var now = time.GetTimestamp();
        foreach (var exchange in Take(exchange => exchange.Deadline <= now, close: false)) exchange.Fail(ExchangeResult.Timeout);
    }

    /// <summary>Ends the wait of all.</summary>
    /// <param name="close">Whether further questions are refused.</param>
    public void FailAll(bool close)
    {
        foreach (var exchange in Take(_ => true, close)) exchange.Fail(ExchangeResult.Unreachable);
    }

    private List<Exchange> Take(Func<Exchange, bool> which, bool close)
    {
        lock (_lock)
        {
            _isClosed |= close;
            var taken = _pending.Values.Where(which).ToList();
            foreach (var exchange in taken) _pending.Remove(exchange.Id);
            return taken;
        }
    }

    private ushort RandomId()
    {
        if (_randomUsed == _random.Length)
        {
            RandomNumberGenerator.Fill(_random);
            _randomUsed = 0;
        }

        _randomUsed += 2;
        return BinaryPrimitives.ReadUInt16BigEndian(_random.AsSpan(_randomUsed - 2));
    }
}
