using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.Dns;

/// <summary>One connected UDP socket to one server, shared by all questions in flight: the kernel drops what does not come from the server. Any thread. Hot code.</summary>
internal sealed class UdpChannel : IDisposable
{
    private const int MaxQuestions = 10_000;
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);

    /// <summary>How often the receiver looks whether it is to end.</summary>
    private static readonly TimeSpan LookUp = TimeSpan.FromMilliseconds(500);

    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly long _opened;
    private int _questions;
    private volatile bool _isRetired;
    private volatile bool _isClosed;

    /// <exception cref="SocketException">There is no socket, or no way to the server.</exception>
    public UdpChannel(IPEndPoint server, DnsMetrics metrics, TimeProvider time)
    {
        (_time, _opened) = (time, time.GetTimestamp());
        Pending = new PendingReplies(metrics, time);
        _socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            _socket.Connect(server);
        }
        catch (SocketException)
        {
            _socket.Dispose();
            throw;
        }

        // A thread of its own, because a datagram then costs one wake-up instead of three: half as many again a second (figures in tests/EgressAlerts.Benchmarks).
        _socket.ReceiveTimeout = (int)LookUp.TotalMilliseconds;
        new Thread(Receive) { IsBackground = true, Name = "dns" }.Start();
    }

    public PendingReplies Pending { get; }

    /// <summary>True once it takes no more questions: after a minute, ten thousand questions, or one that got no reply, so that its port is not there to be guessed for long.</summary>
    public bool IsRetired => _isRetired || Volatile.Read(ref _questions) >= MaxQuestions || _time.GetElapsedTime(_opened) >= MaxAge;

    public void Retire() => _isRetired = true;

    public ValueTask<ExchangeResult> AskAsync(Exchange exchange, TimeSpan timeout)
    {
        Interlocked.Increment(ref _questions);
        exchange.Reset();
        if (!Pending.TryRegister(exchange, timeout)) return new(ExchangeResult.Unreachable);
        try
        {
            _socket.Send(exchange.Query, SocketFlags.None); // A datagram is handed to the kernel at once, or not at all.
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            if (Pending.Remove(exchange)) exchange.Fail(ExchangeResult.Unreachable);
        }

        return exchange.Result;
    }

    public void Dispose()
    {
        Retire();
        _isClosed = true; // The receiver closes the socket.
        Pending.FailAll(close: true);
    }

    private void Receive()
    {
        using var socket = _socket;
        Span<byte> buffer = GC.AllocateUninitializedArray<byte>(ushort.MaxValue);
        while (!_isClosed && !(IsRetired && Pending.Count == 0))
        {
            try
            {
                var length = socket.Receive(buffer, SocketFlags.None);
                Pending.Accept(buffer[..length]);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                // Nothing came.
            }
            catch (SocketException)
            {
                // An ICMP error says that the server is not there; it says not for which question, so all fail at once and are asked elsewhere.
                break;
            }
        }

        Retire();
        Pending.FailAll(close: true);
    }
}
