using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.Dns;

/// <summary>One TCP connection to one server, for replies that do not fit into a datagram; questions are pipelined, replies come in any order
/// (RFC 7766). Opened with the first question, closed when idle. Any thread.</summary>
internal sealed class TcpChannel : IDisposable
{
    private static readonly TimeSpan MaxIdle = TimeSpan.FromSeconds(5);

    private readonly Socket _socket;
    private readonly IPEndPoint _server;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly Task _connected;
    private readonly CancellationTokenSource _stop = new();
    private long _used;
    private volatile bool _isRetired;

    public TcpChannel(IPEndPoint server, DnsMetrics metrics, TimeProvider time)
    {
        (_server, _time, _used) = (server, time, time.GetTimestamp());
        Pending = new PendingReplies(metrics, time);
        _socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _connected = ConnectAsync();
    }

    public PendingReplies Pending { get; }

    /// <summary>True once it takes no more questions.</summary>
    public bool IsRetired => _isRetired || (_time.GetElapsedTime(Volatile.Read(ref _used)) >= MaxIdle && Pending.Count == 0);

    public void Retire() => _isRetired = true;

    public async ValueTask<ExchangeResult> AskAsync(Exchange exchange, TimeSpan timeout)
    {
        Volatile.Write(ref _used, _time.GetTimestamp());
        exchange.Reset();
        if (!Pending.TryRegister(exchange, timeout)) return ExchangeResult.Unreachable;
        _ = SendAsync(exchange.Query.ToArray()); // A copy: the wait may end, and the exchange be given back, before it is sent.
        return await exchange.Result;
    }

    public void Dispose()
    {
        Retire();
        _stop.Cancel();
        _socket.Dispose();
        Pending.FailAll(close: true);
    }

    private async Task ConnectAsync()
    {
        await _socket.ConnectAsync(_server, _stop.Token);
        _ = Task.Run(ReceiveAsync);
    }

    private async Task SendAsync(byte[] query)
    {
        var framed = new byte[query.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)query.Length);
        query.CopyTo(framed, 2);
        try
        {
            await _connected;
            await _sending.WaitAsync(_stop.Token);
            try
            {
                for (var sent = 0; sent < framed.Length;) sent += await _socket.SendAsync(framed.AsMemory(sent), SocketFlags.None, _stop.Token);
            }
            finally
            {
                _sending.Release();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Close();
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            await using var stream = new NetworkStream(_socket);
            var prefix = new byte[2];
            while (true)
            {
                await stream.ReadExactlyAsync(prefix, _stop.Token);
                var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
                await stream.ReadExactlyAsync(message, _stop.Token);
                Pending.Accept(message);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Close();
        }
    }

    private void Close()
    {
        Retire();
        _socket.Dispose();
        Pending.FailAll(close: true);
    }
}
