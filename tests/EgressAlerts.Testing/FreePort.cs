using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.Testing;

/// <summary>Hands out loopback ports that nobody listens on, each once.</summary>
public static class FreePort
{
    private static readonly Lock Lock = new();
    private static readonly HashSet<int> Given = [];

    public static int Next()
    {
        lock (Lock)
        {
            while (true)
            {
                using var listener = new TcpListener(IPAddress.Loopback, 0);
                listener.Start();
                var port = ((IPEndPoint)listener.LocalEndpoint).Port;
                if (Given.Add(port)) return port;
            }
        }
    }
}
