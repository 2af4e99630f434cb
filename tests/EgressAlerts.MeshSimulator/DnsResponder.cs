using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.MeshSimulator;

/// <summary>Answers DNS on loopback, UDP and TCP on the same port.</summary>
public sealed class DnsResponder : IAsyncDisposable
{
    private readonly DnsZone _zone;
    private readonly Socket _udp;
    private readonly TcpListener _tcp;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;
    private int _questions;

    public DnsResponder(DnsZone zone, int port = 0)
    {
        _zone = zone;
        (_udp, _tcp) = DnsPort.Open(port);
        Endpoint = (IPEndPoint)_tcp.LocalEndpoint;
        _serving = Task.WhenAll(ServeUdpAsync(), ServeTcpAsync());
    }

    public IPEndPoint Endpoint { get; }

    /// <summary>How many questions arrived.</summary>
    public int Questions => Volatile.Read(ref _questions);

    /// <summary>While true, nothing is answered.</summary>
    public bool IsDown { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _tcp.Stop();
        await _serving;
        _udp.Dispose();
        _stop.Dispose();
    }

    private async Task ServeUdpAsync()
    {
        var buffer = new byte[4096];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var received = await _udp.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                Interlocked.Increment(ref _questions);
                if (IsDown || DnsReplies.To(buffer.AsSpan(0, received.ReceivedBytes), _zone, tcp: false) is not { } answer) continue;
                if (answer.After == TimeSpan.Zero) await _udp.SendToAsync(answer.Reply, SocketFlags.None, received.RemoteEndPoint, _stop.Token);
                else _ = SendLaterAsync(answer.Reply, answer.After, received.RemoteEndPoint);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // Stopped, or the asker is gone.
            }
        }
    }

    /// <summary>Plays a name server that is slow, or a forged reply that comes too late.</summary>
    private async Task SendLaterAsync(byte[] reply, TimeSpan after, EndPoint to)
    {
        using var timer = new PeriodicTimer(after);
        if (await timer.WaitForNextTickAsync() && !_stop.IsCancellationRequested) await _udp.SendToAsync(reply, SocketFlags.None, to);
    }

    private async Task ServeTcpAsync()
    {
        var connections = new List<Task>();
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                connections.Add(ServeConnectionAsync(await _tcp.AcceptTcpClientAsync(_stop.Token)));
                connections.RemoveAll(connection => connection.IsCompleted);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // Stopped, or the asker is gone.
            }
        }

        await Task.WhenAll(connections);
    }

    /// <summary>Answers question after question until the asker hangs up.</summary>
    private async Task ServeConnectionAsync(TcpClient client)
    {
        try
        {
            using var _ = client;
            await using var stream = client.GetStream();
            var prefix = new byte[2];
            while (true)
            {
                await stream.ReadExactlyAsync(prefix, _stop.Token);
                var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
                await stream.ReadExactlyAsync(query, _stop.Token);
                Interlocked.Increment(ref _questions);
                if (IsDown || DnsReplies.To(query, _zone, tcp: true) is not { } answer) continue;
                if (answer.After > TimeSpan.Zero) await Task.Delay(answer.After, _stop.Token); // It plays a slow name server.
                await stream.WriteAsync((byte[])[(byte)(answer.Reply.Length >> 8), (byte)answer.Reply.Length, .. answer.Reply], _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
        {
            // Stopped, or the asker is gone.
        }
    }
}
