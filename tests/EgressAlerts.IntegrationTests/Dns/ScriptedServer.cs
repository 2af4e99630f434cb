using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using EgressAlerts.MeshSimulator;

namespace EgressAlerts.IntegrationTests.Dns;

/// <summary>A name server that answers as a test tells it to: datagrams, and on the same port connections.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly Socket _udp;
    private readonly TcpListener _tcp;
    private readonly HashSet<EndPoint> _sources = [];

    public ScriptedServer()
    {
        (_udp, _tcp) = DnsPort.Open(0);
        Endpoint = (IPEndPoint)_tcp.LocalEndpoint;
        _ = Task.Run(DatagramsAsync);
        _ = Task.Run(ConnectionsAsync);
    }

    public IPEndPoint Endpoint { get; }

    /// <summary>What is sent back for a datagram.</summary>
    public Func<byte[], IEnumerable<byte[]>> Datagram { get; set; } = _ => [];

    /// <summary>What becomes of a connection.</summary>
    public Func<NetworkStream, Task> Connection { get; set; } = _ => Task.CompletedTask;

    /// <summary>From how many sockets datagrams came.</summary>
    public int Sources
    {
        get
        {
            lock (_sources) return _sources.Count;
        }
    }

    public int Connections { get; private set; }

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

    private async Task DatagramsAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var received = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                lock (_sources) _sources.Add(received.RemoteEndPoint);
                foreach (var reply in Datagram(buffer[..received.ReceivedBytes])) await _udp.SendToAsync(reply, received.RemoteEndPoint);
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
                Connections++;
                _ = Task.Run(async () =>
                {
                    using (client)
                    {
                        try
                        {
                            await Connection(client.GetStream());
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
