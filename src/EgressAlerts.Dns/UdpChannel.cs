using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace EgressAlerts.Dns;

/// <summary>One connected UDP socket to one server, shared by all questions in flight. Any thread.</summary>
/// <remarks>The kernel drops what does not come from the server; ids are random; a reply must repeat its question. Whatever else arrives is counted,
/// and the wait goes on.</remarks>
internal sealed class UdpChannel : IDisposable
{
    private readonly Socket _socket;
    private readonly DnsMetrics _metrics;
    private readonly ConcurrentDictionary<ushort, Pending> _pending = new();
    private readonly Task _receiving;

    public UdpChannel(IPEndPoint server, DnsMetrics metrics)
    {
        _metrics = metrics;
        _socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _socket.Connect(server);
        _receiving = Task.Run(ReceiveAsync);
    }

    /// <summary>False once the socket is of no more use.</summary>
    public bool IsOpen => !_receiving.IsCompleted;

    /// <summary>Sends the question under an id of its own and waits for its reply.</summary>
    /// <exception cref="SocketException">The server's host refused the datagram.</exception>
    public async Task<byte[]> ExchangeAsync(byte[] query, CancellationToken cancel)
    {
        var pending = new Pending(query, new(TaskCreationOptions.RunContinuationsAsynchronously));
        var id = Register(pending);
        try
        {
            var datagram = query.AsSpan().ToArray();
            BinaryPrimitives.WriteUInt16BigEndian(datagram, id);
            await _socket.SendAsync(datagram, SocketFlags.None, cancel);
            return await pending.Reply.Task.WaitAsync(cancel);
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    public void Dispose() => _socket.Dispose();

    private ushort Register(Pending pending)
    {
        while (true)
        {
            var id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
            if (_pending.TryAdd(id, pending)) return id;
        }
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[ushort.MaxValue];
        while (true)
        {
            try
            {
                var length = await _socket.ReceiveAsync(buffer, SocketFlags.None);
                Accept(buffer.AsSpan(0, length));
            }
            catch (SocketException e) when (e.SocketErrorCode is not SocketError.OperationAborted and not SocketError.NotSocket)
            {
                // An ICMP error says that the server is not there; it says not for which question, so all fail at once and are asked elsewhere.
                foreach (var pending in _pending.Values) pending.Reply.TrySetException(e);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                foreach (var pending in _pending.Values) pending.Reply.TrySetException(new SocketException((int)SocketError.ConnectionAborted));
                return;
            }
        }
    }

    private void Accept(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < DnsMessage.HeaderBytes) _metrics.Unwanted("short");
        else if (!_pending.TryGetValue(BinaryPrimitives.ReadUInt16BigEndian(datagram), out var pending)) _metrics.Unwanted("unknown_id");
        else if (DnsMessage.Unwanted(datagram, pending.Query) is { } reason) _metrics.Unwanted(reason);
        else pending.Reply.TrySetResult(datagram.ToArray());
    }

    private sealed record Pending(byte[] Query, TaskCompletionSource<byte[]> Reply);
}
