using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.Testing;

/// <summary>A proxy on loopback that demands a password and then joins connections (CONNECT), as for HTTPS.</summary>
public sealed class TunnelProxy : IAsyncDisposable
{
    private const string Credentials = "Proxy-Authorization: ";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public TunnelProxy()
    {
        _listener.Start();
        Address = new Uri($"http://{_listener.LocalEndpoint}");
        _loop = Task.Run(AcceptAsync);
    }

    public Uri Address { get; }

    /// <summary>Method, target and credentials of each request.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            await using var stream = client.GetStream();
            while (true)
            {
                var head = await HeadAsync(stream);
                var target = head[0].Split(' ')[1];
                var credentials = head.FirstOrDefault(line => line.StartsWith(Credentials, StringComparison.OrdinalIgnoreCase))?[Credentials.Length..];
                _requests.Enqueue($"{head[0].Split(' ')[0]} {target} {credentials}");
                if (credentials is null)
                {
                    await stream.WriteAsync(
                        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\n\r\n"u8.ToArray(),
                        _stop.Token);
                    continue;
                }

                var to = IPEndPoint.Parse(target);
                using var server = new TcpClient();
                await server.ConnectAsync(to, _stop.Token);
                await using var other = server.GetStream();
                await stream.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), _stop.Token);
                await Task.WhenAny(stream.CopyToAsync(other, _stop.Token), other.CopyToAsync(stream, _stop.Token));
                return;
            }
        }
    }

    /// <summary>The lines of a request up to the empty one, byte by byte: what follows belongs to the tunnel.</summary>
    private async Task<IReadOnlyList<string>> HeadAsync(NetworkStream stream)
    {
        var head = new System.Text.StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, _stop.Token);
            head.Append((char)one[0]);
        }

        return head.ToString().Split("\r\n");
    }
}
