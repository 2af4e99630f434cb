using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EgressAlerts;

/// <summary>The sockets that systemd listens on and hands to the service (sd_listen_fds(3)).</summary>
internal sealed class SystemdSockets : IListener
{
    /// <summary>Sockets that are handed over have the numbers from here on.</summary>
    private const ulong First = 3;

    private readonly IReadOnlyList<ulong> _handles;

    private SystemdSockets(IReadOnlyList<ulong> handles, Uri external) => (_handles, External) = (handles, external);

    /// <inheritdoc/>
    public Uri External { get; }

    /// <summary>The sockets of this process.</summary>
    /// <exception cref="StartException">There are none, or what was handed over does not listen.</exception>
    public static SystemdSockets Take()
    {
        var count = Number("LISTEN_FDS");
        if (Number("LISTEN_PID") != (ulong)Environment.ProcessId || count is not (> 0 and < 100))
            throw new StartException("--web.systemd-socket: systemd handed over no socket: start the .socket unit, or give --web.listen-address instead");
        List<ulong> handles = [.. Enumerable.Range((int)First, (int)count).Select(handle => (ulong)handle)];
        return new(handles, handles.Select(ExternalOf).ToList()[0]);
    }

    /// <inheritdoc/>
    public void Bind(KestrelServerOptions server, Action<ListenOptions> configure)
    {
        foreach (var handle in _handles) server.ListenHandle(handle, configure);
    }

    /// <inheritdoc/>
    public StartException Refused(Exception error) =>
        new($"--web.systemd-socket: cannot use the socket that systemd handed over ({error.Message.TrimEnd('.')}): look at the .socket unit", error);

    private static ulong? Number(string variable) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Where a socket of TCP is found. One in a folder has no address for other machines.</summary>
    private static Uri ExternalOf(ulong handle)
    {
        try
        {
            using var socket = new Socket(new SafeSocketHandle((nint)handle, ownsHandle: false));
            if (socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) is not 1)
                throw new StartException("--web.systemd-socket: the socket that systemd handed over does not listen: write Accept=no in the .socket unit");
            return ListenAddress.TryParse($"{socket.LocalEndPoint}")?.External ?? new Uri($"http://{Environment.MachineName}");
        }
        catch (SocketException e)
        {
            throw new StartException($"--web.systemd-socket: what systemd handed over is no socket ({e.Message.TrimEnd('.')})", e);
        }
    }
}
