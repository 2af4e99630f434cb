using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.MeshSimulator;

/// <summary>Opens one loopback port for datagrams and for connections.</summary>
internal static class DnsPort
{
    private const int MaxTries = 20;

    /// <param name="port">Zero for any that is free for both.</param>
    /// <exception cref="SocketException">The port is in use.</exception>
    public static (Socket Udp, TcpListener Tcp) Open(int port)
    {
        for (var attempt = 1; ; attempt++)
        {
            var tcp = new TcpListener(IPAddress.Loopback, port);
            var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                tcp.Start();
                udp.Bind((IPEndPoint)tcp.LocalEndpoint);
                return (udp, tcp);
            }
            catch (SocketException) when (port == 0 && attempt < MaxTries)
            {
                // What is free for the one may be taken for the other.
                tcp.Dispose();
                udp.Dispose();
            }
        }
    }
}
