using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace EgressAlerts.Dns;

/// <summary>Asks one question over a TCP connection of its own: only for replies that do not fit into a datagram.</summary>
internal static class TcpExchange
{
    /// <exception cref="IOException">The connection broke, or what came is no reply to the question.</exception>
    /// <exception cref="SocketException">No connection.</exception>
    public static async Task<byte[]> AskAsync(IPEndPoint server, byte[] query, CancellationToken cancel)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server, cancel);
        await using var stream = new NetworkStream(socket);
        var id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
        var framed = new byte[query.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)query.Length);
        query.CopyTo(framed, 2);
        BinaryPrimitives.WriteUInt16BigEndian(framed.AsSpan(2), id);
        await stream.WriteAsync(framed, cancel);

        var prefix = new byte[2];
        await stream.ReadExactlyAsync(prefix, cancel);
        var reply = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
        await stream.ReadExactlyAsync(reply, cancel);
        if (DnsMessage.Unwanted(reply, query) is not null || BinaryPrimitives.ReadUInt16BigEndian(reply) != id)
            throw new IOException("the reply does not belong to the question");
        return reply;
    }
}
