using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.Testing;

/// <summary>Hands out loopback ports that nobody listens on, each once.</summary>
/// <remarks>They lie below those from which Linux takes the ports of outgoing connections. Otherwise such a connection could take a port between the moment in
/// which it is handed out and the moment in which a server listens on it.</remarks>
public static class FreePort
{
    private const int First = 11_000;
    private const int End = 32_768;

    private static readonly Lock Lock = new();
    private static readonly HashSet<int> Given = [];

    public static int Next()
    {
        lock (Lock)
        {
            while (true)
            {
                var port = Random.Shared.Next(First, End);
                if (IsFree(port) && Given.Add(port)) return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
