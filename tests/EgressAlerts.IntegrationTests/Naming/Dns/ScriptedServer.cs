using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using EgressAlerts.MeshSimulator;

namespace EgressAlerts.IntegrationTests.Naming.Dns;

/// <summary>A name server that answers as a test tells it to: datagrams, and on the same port connections.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly Socket _udp;
    private readonly TcpListener _tcp;
    private int _connections;

    public ScriptedServer()
    {
        (_udp, _tcp) = DnsPort.Open(0);
        Endpoint = (IPEndPoint)_tcp.LocalEndpoint;
        _ = Task.Run(DatagramsAsync);
        _ = Task.Run(ConnectionsAsync);
    }

    public IPEndPoint Endpoint { get; }

    /// <summary>What is sent back for a question, over UDP and TCP; each item is a message.</summary>
    public Func<byte[], IEnumerable<byte[]>> Answer { get; set; } = _ => [];

    /// <summary>What is sent back for a datagram, where that is not <see cref="Answer"/>.</summary>
    public Func<byte[], IEnumerable<byte[]>>? Datagram { get; set; }

    /// <summary>What becomes of a connection, where not every question on it has its <see cref="Answer"/>.</summary>
    public Func<NetworkStream, Task>? Connection { get; set; }

    public int Connections => Volatile.Read(ref _connections);

    public static async Task<byte[]> ReadAsync(NetworkStream stream)
    {
        var prefix = new byte[2];
        await stream.ReadExactlyAsync(prefix);
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
        await stream.ReadExactlyAsync(message);
        return message;
    }

    public static byte[] Framed(byte[] message) => [(byte)(message.Length >> 8), (byte)message.Length, .. message];

    public void Dispose()
    {
        _udp.Dispose();
        _tcp.Dispose();
    }

    private async Task AnswerAllAsync(NetworkStream stream)
    {
        while (true)
        {
            var query = await ReadAsync(stream);
            foreach (var reply in Answer(query)) await stream.WriteAsync(Framed(reply));
        }
    }

    private async Task DatagramsAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var received = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                foreach (var reply in (Datagram ?? Answer)(buffer[..received.ReceivedBytes])) await _udp.SendToAsync(reply, received.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ConnectionsAsync()
    {
        try
        {
            while (true)
            {
                var client = await _tcp.AcceptTcpClientAsync();
                Interlocked.Increment(ref _connections);
                _ = Task.Run(async () =>
                {
                    using (client)
                    {
                        try
                        {
                            await (Connection ?? AnswerAllAsync)(client.GetStream());
                        }
                        catch (IOException)
                        {
                            // The client has gone.
                        }
                    }
                });
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
